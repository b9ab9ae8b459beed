import { z } from 'zod';
import type { LiveTurn } from '../../../shared/events.ts';
import { noUsage } from '../../../shared/events.ts';
import { commandId, turnId } from '../../../shared/ids.ts';
import type { HostContext } from '../context.ts';
import { runPosition } from '../log/runs.ts';
import { getMessage, inFlight, openMessages } from '../messages/messages.ts';
import { getMission } from '../missions/missions.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { getMeta, setMeta } from '../tables.ts';

/**
 * Commands and turns that we expected in a list from the host and that are not in it. `run` and `n` name the outbox row
 * up to which the list is complete: nothing may be concluded before the log has that row (protocol §4).
 */
const absence = z.object({
  run: z.string(),
  n: z.number().int(),
  commands: z.array(commandId),
  turns: z.array(z.object({ mission: z.string(), turn: turnId })),
});
type Absence = z.infer<typeof absence>;

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
  const missingCommands =
    commands === null
      ? []
      : openMessages(sql, null).filter(
          ({ id, state }) => state !== 'kept' && state !== 'sent' && !commands.includes(id),
        );
  const noted: Absence = absence.parse({
    ...at,
    commands: missingCommands.map((command) => command.id),
    turns: missingTurns,
  });
  const isEmpty = noted.commands.length === 0 && noted.turns.length === 0;
  // Stored apart for each kind of list: a later list of turns says nothing about the commands that `hello` left out.
  setMeta(sql, `absence.${list}`, isEmpty ? '' : JSON.stringify(noted));
};

/** Concludes what was noted once the log has reached the list's row: lost or interrupted, in every case resumable. */
export const concludeAbsence = (host: HostContext): Recorded[] =>
  (['hello', 'turns'] as const).flatMap((list) => conclude(host, `absence.${list}`));

const conclude = (host: HostContext, key: string): Recorded[] => {
  const text = getMeta(host.sql, key);
  if (text === null || text === '') return [];
  const noted = absence.parse(JSON.parse(text));
  if (runPosition(host.sql, noted.run) < noted.n) return [];
  setMeta(host.sql, key, '');
  const recorded: Recorded[] = [];
  for (const { mission, turn } of noted.turns) {
    const command = inFlight(host.sql, mission);
    if (getMission(host.sql, mission)?.turn !== turn || !command) continue;
    recorded.push(...recordEvent(host, mission, lostTurn(command.id, turn)));
  }
  for (const id of noted.commands) {
    const command = getMessage(host.sql, id);
    if (!command || !['received', 'accepted', 'running'].includes(command.state)) continue;
    recorded.push(...recordEvent(host, command.mission, { type: 'command.lost', command: command.id, text: lostText }));
  }
  return recorded;
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
