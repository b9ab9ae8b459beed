/**
 * What may be concluded only once the log contains a certain row of a host's outbox (protocol §4, §6), because rows
 * that say otherwise may still be on their way. Kept in `meta`, one thing under each key: a later one under the same
 * key takes its place.
 */
import * as z from 'zod';
import { getMeta, setMeta } from '../tables.ts';
import { runPosition } from './runs.ts';

/** A row of the host's outbox: the log has to come as far as `n` of `run`. */
const row = z.object({ run: z.string(), n: z.number().int() });

/** Keeps `what` under `key` until the log has reached `at`; null: there is nothing to conclude. */
export const awaitRow = (sql: SqlStorage, key: string, at: z.infer<typeof row>, what: object | null): void =>
  setMeta(sql, key, what === null ? '' : JSON.stringify({ run: at.run, n: at.n, ...what }));

/** What is kept under `key`; null when there is nothing. */
export const awaited = <T extends z.ZodType>(sql: SqlStorage, key: string, shape: T): z.infer<T> | null => {
  const text = getMeta(sql, key);
  return text === null || text === '' ? null : shape.parse(JSON.parse(text));
};

/** Takes what is kept under `key`, once the log has come as far; before that, and a second time, null. */
export const takeAwaited = <T extends z.ZodType>(sql: SqlStorage, key: string, shape: T): z.infer<T> | null => {
  const at = awaited(sql, key, row);
  if (at === null || runPosition(sql, at.run) < at.n) return null;
  const what = awaited(sql, key, shape);
  setMeta(sql, key, '');
  return what;
};
