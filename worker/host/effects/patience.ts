/**
 * How the object waits for a D1 that is away or slow. One thing waits, whatever is owed: what is tried is one slice,
 * and the log has a line when it went and when it is back, and none in between.
 */
import * as z from 'zod';
import { doubled } from '../../../shared/backoff.ts';
import { logError, logInfo } from '../../log.ts';
import { getMeta, setMeta } from '../tables.ts';

/** What a person sees of an outage that is over is right within 5 s (protocol §7). */
const minWaitMs = 500;
const maxWaitMs = 4_000;

/**
 * Limit of one attempt. After it D1 may still have written, which is why every write bears a revision. It grows,
 * because a D1 that is only slow has to come to an end some time.
 */
const minLimitMs = 5_000;
const maxLimitMs = 40_000;

const outage = z.object({ failures: z.number().int(), sinceMs: z.number(), untilMs: z.number() });

const read = (sql: SqlStorage): z.infer<typeof outage> | null => {
  const text = getMeta(sql, 'd1_away');
  return text === null || text === '' ? null : outage.parse(JSON.parse(text));
};

/** When D1 may be asked again (milliseconds); 0 while nothing is wrong with it. */
export const askAgainAt = (sql: SqlStorage): number => read(sql)?.untilMs ?? 0;

export const attemptLimitMs = (sql: SqlStorage): number => doubled(minLimitMs, maxLimitMs, read(sql)?.failures ?? 0);

export const noteFailure = (sql: SqlStorage, nowMs: number, cause: unknown): void => {
  const before = read(sql);
  if (before === null) logError('directory.away', cause);
  const failures = (before?.failures ?? 0) + 1;
  const untilMs = nowMs + doubled(minWaitMs, maxWaitMs, failures - 1);
  setMeta(sql, 'd1_away', JSON.stringify({ failures, sinceMs: before?.sinceMs ?? nowMs, untilMs }));
};

export const noteSuccess = (sql: SqlStorage, nowMs: number): void => {
  const before = read(sql);
  if (before === null) return;
  logInfo('directory.back', `after ${Math.round((nowMs - before.sinceMs) / 1000)} s`, { failures: before.failures });
  setMeta(sql, 'd1_away', '');
};
