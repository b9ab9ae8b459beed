/** When what leaves the log is looked at again, after a look that found nothing or an archive that failed. */
import * as z from 'zod';
import { doubled } from '../../../shared/backoff.ts';
import { beginningOf } from '../../../shared/text.ts';
import { logError, logInfo } from '../../log.ts';
import type { HostContext } from '../context.ts';
import type { Recorded } from '../record/record.ts';
import { getMeta, setMeta } from '../tables.ts';

/** After this, doubling, an archive that failed is asked again. */
const minWaitMs = 1_000;
const maxWaitMs = 15 * 60_000;
/** A turn that runs for days holds up what is before its end: nobody notices an hour. */
const nothingMs = 3_600_000;
/** So many failures in a row, a quarter of a minute at the least, are no trouble of a moment: admins are told. */
const toldAfter = 5;

const wait = z.object({
  failures: z.number().int(),
  untilMs: z.number(),
  /** When the first of these failures was. */
  sinceMs: z.number().default(0),
  /** What the last of them was. */
  reason: z.string().default(''),
});
type Wait = z.infer<typeof wait>;
const none: Wait = { failures: 0, untilMs: 0, sinceMs: 0, reason: '' };

export const readWait = (sql: SqlStorage): Wait => {
  const text = getMeta(sql, 'retention_wait');
  return text === null ? none : wait.parse(JSON.parse(text));
};
const write = (sql: SqlStorage, next: Wait): void => setMeta(sql, 'retention_wait', JSON.stringify(next));

/** Out: what admins are told, where there is an archive (`isArchives`) that failed. Call it in a transaction. */
export const noteFailure = (host: HostContext, cause: unknown, isArchives: boolean): Recorded[] => {
  const { sql, now } = host;
  const before = readWait(sql);
  if (before.failures === 0) logError('archive.away', cause);
  const failures = before.failures + 1;
  const reason = beginningOf(cause instanceof Error ? cause.message : String(cause), 200);
  const untilMs = now() + doubled(minWaitMs, maxWaitMs, before.failures);
  write(sql, { failures, untilMs, sinceMs: before.failures === 0 ? now() : before.sinceMs, reason });
  return isArchives && failures === toldAfter ? [told(host, 'archive.away', awayText(reason))] : [];
};

/** Out: what admins are told. Call it in a transaction. */
export const noteSuccess = (host: HostContext): Recorded[] => {
  const { failures } = readWait(host.sql);
  logInfo('archive.back', `after ${failures} failures`);
  write(host.sql, none);
  return failures < toldAfter ? [] : [told(host, 'archive.back', 'The archive of this server works again.')];
};

const told = (host: HostContext, code: string, text: string): Recorded => ({
  row: host.log.append(null, null, host.now(), { type: 'host.note', code, text }),
  mission: null,
});

const awayText = (reason: string): string =>
  `The archive of this server fails (${reason}). Nothing leaves the log until it works, and it is tried again by itself: look at the bucket that is bound as ARCHIVE.`;

/** What seemed due could not leave yet. */
export const noteNothing = (sql: SqlStorage, nowMs: number): void =>
  write(sql, { ...none, untilMs: nowMs + nothingMs });

/** Other rules apply: they are looked at now, unless the archive is away. */
export const lookAgain = (sql: SqlStorage): void => {
  if (readWait(sql).failures === 0 && getMeta(sql, 'retention_wait') !== null) write(sql, none);
};
