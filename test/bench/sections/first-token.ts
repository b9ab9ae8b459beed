// From a message to the model: what a person waits for before an agent can begin, beside OpenCode itself.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openCodeFolders } from '../../../host-agent/opencode/config/folders.ts';
import { dataOf } from '../../support/typed-api.ts';
import { atMostTimes, type Report, round } from '../figures.ts';
import { type RunningSystem, startRunningSystem } from '../running-system.ts';

/** Odd, so that there is one in the middle; both take turns, so that a busy second is busy for both. */
const rounds = 21;
const quickRounds = 7;
/** The aim, in times of OpenCode itself. */
const aimTimes = 1.2;
/** Between two looks at whether the server has the next mission ready; nothing is measured then. */
const lookMs = 50;

/** What is measured, and which message of OpenCode's it is beside. */
const messages = {
  making: { what: 'a message that makes its mission', beside: 'first' },
  first: { what: 'the first message of a mission', beside: 'first' },
  second: { what: 'the second message of a mission', beside: 'second' },
} as const;
type Message = keyof typeof messages;

/**
 * From the request of a message to the model's being asked. Before each a person pauses: until the server has the next
 * mission ready (protocol §2 `prepare`).
 */
export const firstToken = async (report: Report, quick: boolean): Promise<void> => {
  const system = await startRunningSystem();
  const ours: Record<Message, number[]> = { making: [], first: [], second: [] };
  const openCode: Record<'first' | 'second', number[]> = { first: [], second: [] };
  try {
    // First turns warm both up and aren't counted.
    for (let done = -1; done < (quick ? quickRounds : rounds); done++) {
      const through = await throughOpenAgent(system, 2 * (done + 1));
      const theirs = await throughOpenCode(system, `first-token-${done}`);
      if (done < 0) continue;
      for (const nth of ['making', 'first', 'second'] as const) ours[nth].push(through[nth]);
      for (const nth of ['first', 'second'] as const) openCode[nth].push(theirs[nth]);
    }
  } finally {
    await system.close();
  }
  for (const nth of ['making', 'first', 'second'] as const) {
    const { what, beside } = messages[nth];
    const [value, baseline] = [median(ours[nth]), median(openCode[beside])];
    report({
      name: `from ${what} until the model is asked, median`,
      value,
      unit: 'ms',
      baseline: { name: `ms OpenCode itself, ${beside} message`, value: baseline },
      aim: atMostTimes(value, baseline, aimTimes),
      note: `${round(value / baseline)} × OpenCode itself; p90 ${round(p90(ours[nth]))} beside ${round(p90(openCode[beside]))} ms`,
    });
  }
};

/** `made`: missions made before. */
const throughOpenAgent = async (system: RunningSystem, made: number): Promise<Record<Message, number>> => {
  const { person, untilIdle, untilAsked } = system;
  const { api } = person;
  const timedTurn = async (ask: () => Promise<unknown>): Promise<number> => {
    const took = await timed(untilAsked, ask);
    await untilIdle();
    return took;
  };
  await untilReady(system, made + 1);
  const making = await timedTurn(() => dataOf(api.POST('/api/control/message', { body: { content: 'SAY Made.' } })));
  const { id } = await dataOf(api.POST('/api/control/missions', { body: {} }));
  await untilReady(system, made + 3);
  const first = await timedTurn(() => person.say('SAY One.', id));
  const second = await timedTurn(() => person.say('SAY Two.', id));
  // Else it would be the one that the next message goes to.
  await dataOf(api.DELETE('/api/control/missions/{id}', { params: { path: { id } } }));
  return { making, first, second };
};

/** Resolves when the server has said of so many missions that they are ready. */
const untilReady = async ({ logFileOf }: RunningSystem, missions: number): Promise<void> => {
  const ready = /"event":"mission\.prepared",[^\n]*"mission":"([^"]+)"/g;
  const count = () => new Set([...readFileSync(logFileOf('host-agent'), 'utf8').matchAll(ready)].map(([, id]) => id));
  while (count().size < missions) await pause(lookMs);
};

/** In a directory that it sees beside those of missions, and that is none. */
const throughOpenCode = async (
  { openCodeServer, untilAsked, untilOpenCodeIdle, files, workingDir }: RunningSystem,
  name: string,
) => {
  const { createSession, prompt } = openCodeServer();
  const directory = join(workingDir, 'workspaces', name);
  let session = '';
  const first = await timed(untilAsked, async () => {
    mkdirSync(join(openCodeFolders(dirname(files.openCodeServer)).seen, name));
    session = await createSession(directory, 'First token');
    await prompt(session, 'SAY One.');
  });
  await untilOpenCodeIdle(directory);
  const second = await timed(untilAsked, () => prompt(session, 'SAY Two.'));
  await untilOpenCodeIdle(directory);
  return { first, second };
};

/** Milliseconds from the beginning of `ask` until the model was asked once more. */
const timed = async (untilAsked: () => Promise<void>, ask: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await Promise.all([ask(), untilAsked()]);
  return performance.now() - begun;
};

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN;
const p90 = (values: readonly number[]): number => sorted(values)[Math.floor(values.length * 0.9)] ?? Number.NaN;
