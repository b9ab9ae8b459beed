/** When what leaves the log is looked at again, after a look that found nothing or an archive that failed. */
import * as z from 'zod';
import { doubled } from '../../../shared/backoff.ts';
import { logError, logInfo } from '../../log.ts';
import { getMeta, setMeta } from '../tables.ts';

/** After this, doubling, an archive that failed is asked again. */
const minWaitMs = 1_000;
const maxWaitMs = 15 * 60_000;
/** A turn that runs for days holds up what is before its end: nobody notices an hour. */
const nothingMs = 3_600_000;

const wait = z.object({ failures: z.number().int(), untilMs: z.number() });
const none = { failures: 0, untilMs: 0 };

export const readWait = (sql: SqlStorage): z.infer<typeof wait> => {
  const text = getMeta(sql, 'retention_wait');
  return text === null ? none : wait.parse(JSON.parse(text));
};
const write = (sql: SqlStorage, next: z.infer<typeof wait>): void =>
  setMeta(sql, 'retention_wait', JSON.stringify(next));

export const noteFailure = (sql: SqlStorage, nowMs: number, cause: unknown): void => {
  const { failures } = readWait(sql);
  if (failures === 0) logError('archive.away', cause);
  write(sql, { failures: failures + 1, untilMs: nowMs + doubled(minWaitMs, maxWaitMs, failures) });
};

export const noteSuccess = (sql: SqlStorage): void => {
  const { failures } = readWait(sql);
  if (failures === 0) return;
  logInfo('archive.back', `after ${failures} failures`);
  write(sql, none);
};

/** What seemed due could not leave yet. */
export const noteNothing = (sql: SqlStorage, nowMs: number): void =>
  write(sql, { failures: 0, untilMs: nowMs + nothingMs });

/** Other rules apply: they are looked at now, unless the archive is away. */
export const lookAgain = (sql: SqlStorage): void => {
  if (readWait(sql).failures === 0 && getMeta(sql, 'retention_wait') !== null) write(sql, none);
};
