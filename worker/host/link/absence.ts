import * as z from 'zod';
import { isWithHost } from '../../../shared/commands.ts';
import type { LiveTurn } from '../../../shared/events.ts';
import { noUsage } from '../../../shared/events.ts';
import { commandId, turnId } from '../../../shared/ids.ts';
import type { HostContext } from '../context.ts';
import { awaitRow, takeAwaited } from '../log/awaited.ts';
import { inFlight, messagesInFlight } from '../messages/waiting.ts';
import { getMission } from '../missions/missions.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { concludeLost } from './lost.ts';

/** Commands and turns that we expected in a list from the host and that are not in it. */
const absence = z.object({
  commands: z.array(commandId),
  turns: z.array(z.object({ mission: z.string(), turn: turnId })),
});

/**
 * Notes which commands and turns a host no longer has. Nothing is concluded yet: their ends may be among the rows up
 * to `at` that have not arrived. `commands` is null for a list of turns only.
 */
export const storeAbsence = (
  sql: SqlStorage,
  list: 'hello' | 'turns',
  at: { run: string; n: number },
  commands: string[] | null,
  turns: LiveTurn[],
): void => {
  const present = new Set<string>(turns.map((turn) => turn.turn));
  const missingTurns = sql
    .exec<{ mission: string; turn: string }>(
      'SELECT id AS mission, turn FROM missions WHERE turn IS NOT NULL AND deleted_at IS NULL',
    )
    .toArray()
    .filter((row) => !present.has(row.turn));
  const here = new Set<string>(commands);
  const missingCommands =
    commands === null ? [] : messagesInFlight(sql).filter(({ id, state }) => isWithHost(state) && !here.has(id));
  const noted = absence.parse({
    commands: missingCommands.map((command) => command.id),
    turns: missingTurns,
  });
  const isEmpty = noted.commands.length === 0 && noted.turns.length === 0;
  // Stored apart for each kind of list: a later list of turns says nothing about the commands that `hello` left out.
  awaitRow(sql, `absence.${list}`, at, isEmpty ? null : noted);
};

/** Concludes what was noted once the log has reached the list's row: lost or interrupted, in every case resumable. */
export const concludeAbsence = (host: HostContext): Recorded[] =>
  (['hello', 'turns'] as const).flatMap((list) => conclude(host, `absence.${list}`));

const conclude = (host: HostContext, key: string): Recorded[] => {
  const noted = takeAwaited(host.sql, key, absence);
  if (noted === null) return [];
  const turns = noted.turns.flatMap(({ mission, turn }) => {
    const command = inFlight(host.sql, mission);
    if (getMission(host.sql, mission)?.turn !== turn || !command) return [];
    return recordEvent(host, mission, lostTurn(command.id, turn));
  });
  return [...turns, ...concludeLost(host, noted.commands, isWithHost, lostText)];
};

const lostText =
  'The server lost this message before it was answered (its store was replaced or reset). Send it again if it is still wanted.';

const lostTurn = (command: z.infer<typeof commandId>, turn: z.infer<typeof turnId>) => ({
  type: 'turn.ended' as const,
  command,
  turn,
  outcome: 'interrupted' as const,
  answer: [],
  text: 'The server no longer runs this turn (its host-agent or OpenCode was replaced). Resume the mission to go on.',
  model: null,
  usage: noUsage,
});
