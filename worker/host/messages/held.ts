/**
 * Messages that waited in an older copy of the object (protocol §6). They may have run, or been removed, after the copy was made, so
 * none of them is sent before the log has everything that the host kept.
 */
import { z } from 'zod';
import { type CommandId, commandId } from '../../../shared/ids.ts';
import { runPosition } from '../log/runs.ts';
import { getMeta, setMeta } from '../tables.ts';
import { openMessages } from './messages.ts';

/** The messages, and the row of the host's outbox that the log has to reach. */
const held = z.object({ run: z.string(), n: z.number().int(), commands: z.array(commandId) });

/** Holds every message that waits now, until the log has reached `at`. */
export const holdMessages = (sql: SqlStorage, at: { run: string; n: number }): void => {
  const commands = openMessages(sql, null).flatMap(({ id, state }) => (state === 'kept' ? [id] : []));
  setMeta(sql, 'held', JSON.stringify({ ...at, commands }));
};

/** Ids that may not be sent yet. */
export const heldMessages = (sql: SqlStorage): Set<string> => new Set(readHeld(sql)?.commands);

/** Releases what is held, once the log has come as far; before that, and a second time, nothing. Out: the messages. */
export const releaseHeld = (sql: SqlStorage): CommandId[] => {
  const waiting = readHeld(sql);
  if (!waiting || runPosition(sql, waiting.run) < waiting.n) return [];
  setMeta(sql, 'held', '');
  return waiting.commands;
};

const readHeld = (sql: SqlStorage): z.infer<typeof held> | null => {
  const text = getMeta(sql, 'held');
  return text === null || text === '' ? null : held.parse(JSON.parse(text));
};
