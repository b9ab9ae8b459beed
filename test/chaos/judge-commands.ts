// What commands did, by what they wrote down themselves, against what the log says that the agent was told of them.

import type { Row } from '../support/reading.ts';
import type { Finding, MissionRecord } from './judge.ts';
import { type Command, loggedFor } from './record.ts';
import type { RoundKind } from './schedule.ts';

/** What the plug-in tells an agent whose call never reached the hands. */
const neverBegun = 'Nothing was done';
/** What it tells where the hands ended meanwhile (opencode/plugin/hands-call). */
const cutShort = 'ended in the middle of this call';

/**
 * No command ran twice. What the agent was told is true: a command that succeeded ran once, and one of which nothing
 * was done did not run. Where nobody stopped the turn and nobody killed anything, every command succeeded.
 */
export const judgeCommands = (kind: RoundKind, { ran, messages }: MissionRecord, rows: readonly Row[]): Finding[] => {
  const times = (word: string): number => ran.filter((each) => each === word).length;
  const findings = [...new Set(ran)]
    .filter((word) => times(word) > 1)
    .map((word): Finding => ({ sort: 'doubled', text: `command ${word} ran ${times(word)} times` }));
  const known = new Set<string>();
  for (const { id } of messages) {
    const logged = loggedFor(id, rows);
    const wasStopped = logged.isCancelWished || kind === 'opencode';
    for (const command of logged.commands) {
      const word = wordIn(command);
      known.add(word);
      const text = untruth(command.told, times(word), word, { wasStopped, mayBeCut: kind !== 'edge' });
      if (text !== null) findings.push({ sort: 'wrong', text: `command ${word} ran ${times(word)} times, ${text}` });
    }
  }
  // An OpenCode that was killed may have taken a call with it that it had not stored.
  const unknown = kind === 'opencode' ? [] : ran.filter((word) => !known.has(word));
  return [
    ...findings,
    ...unknown.map((word): Finding => ({ sort: 'lost', text: `the call of command ${word}, which ran` })),
  ];
};

const wordIn = ({ command }: Command): string => /^echo (\S+) >>/.exec(command)?.[1] ?? '';

const untruth = (
  told: Command['told'],
  times: number,
  word: string,
  { wasStopped, mayBeCut }: { wasStopped: boolean; mayBeCut: boolean },
): string | null => {
  if (!told) return null; // Judged with the other calls.
  if (!told.failed) {
    const isWhole = told.text.includes(`${word}\\ndone`) && times === 1;
    return isWhole || wasStopped ? null : `and the agent was told ${told.text}`;
  }
  if (wasStopped) return null; // It is told of the stop.
  if (mayBeCut && told.text.includes(neverBegun) && times === 0) return null;
  if (mayBeCut && told.text.includes(cutShort)) return null;
  return `and the agent was told that it failed: ${told.text}`;
};
