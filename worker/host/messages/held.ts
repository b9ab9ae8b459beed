/**
 * Messages that waited in an older copy of the object (protocol §6). They may have run, or been removed, after the copy
 * was made, so none of them is sent before the log has everything that the host kept.
 */
import * as z from 'zod';
import { type CommandId, commandId } from '../../../shared/ids.ts';
import { awaited, awaitRow, takeAwaited } from '../log/awaited.ts';
import { waitingUpTo } from './waiting.ts';

/** The place of the last that waited then. Before that was kept, there was a list of all of them. */
const held = z.union([z.object({ last: z.number().int() }), z.object({ commands: z.array(commandId) })]);

/** Holds every message that waits now, until the log has reached `at`. */
export const holdMessages = (sql: SqlStorage, at: { run: string; n: number }): void => {
  const { last } = sql.exec<{ last: number | null }>('SELECT max(ord) AS last FROM commands').one();
  awaitRow(sql, 'held', at, { last: last ?? 0 });
};

/** What came up to this place in the order of arrival may not be sent yet; 0: nothing is held. */
export const heldUpTo = (sql: SqlStorage): number => lastOf(sql, awaited(sql, 'held', held));

/** Releases what is held, once the log has come as far; before that, and a second time, nothing. Out: the messages. */
export const releaseHeld = (sql: SqlStorage): CommandId[] => {
  const known = takeAwaited(sql, 'held', held);
  return known === null ? [] : waitingUpTo(sql, lastOf(sql, known));
};

const lastOf = (sql: SqlStorage, known: z.infer<typeof held> | null): number => {
  if (known === null) return 0;
  if ('last' in known) return known.last;
  const query = 'SELECT max(ord) AS last FROM commands WHERE id IN (SELECT value FROM json_each(?))';
  return sql.exec<{ last: number | null }>(query, JSON.stringify(known.commands)).one().last ?? 0;
};
