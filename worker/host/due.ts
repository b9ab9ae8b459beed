/**
 * Everything the object's one alarm is for. What is due is derived from the tables each time, so no piece of work can cancel another's
 * wake-up, an alarm that comes early or twice finds nothing to do, and an eviction forgets nothing.
 */
import { isIdle } from './running.ts';
import { getMeta, setMeta } from './tables.ts';

/** Wait before a failed projection is tried again: D1 is away for seconds, not minutes. */
const retryMs = 5_000;
/** A server is called quiet only after this long without work, so that a conversation does not write D1 at every turn. */
const quietMs = 60_000;
export const hourMs = 3_600_000;

/** When the object is wanted next (milliseconds), or null while nothing is due ever. `staleHours` null: missions are never closed. */
export const nextDue = (sql: SqlStorage, staleHours: number | null): number | null => {
  const times = [retryAt(sql), quietAt(sql), staleHours === null ? null : closesAt(sql, staleHours)];
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : Math.min(...due);
};

/** Notes that D1 could not be written, or that it has everything. */
export const noteProjection = (sql: SqlStorage, worked: boolean, nowMs: number): void =>
  setMeta(sql, 'retry_at', worked ? '' : String(nowMs + retryMs));

const retryAt = (sql: SqlStorage): number | null => readTime(sql, 'retry_at');

/** Notes since when a server that D1 calls live has had nothing to do; once for each time that it runs out of work. */
export const noteQuiet = (sql: SqlStorage, nowMs: number): void => {
  if (isCalledLive(sql) && readTime(sql, 'quiet_at') === null) setMeta(sql, 'quiet_at', String(nowMs));
};

/** When it is to be seen whether a server is quiet; null where it is called so, or has worked since the last look. */
const quietAt = (sql: SqlStorage): number | null => {
  const since = readTime(sql, 'quiet_at');
  return since === null ? null : since + quietMs;
};

/** Whether the server is called live and has had nothing to do for long enough. Begins the wait anew where it works. */
export const isQuiet = (sql: SqlStorage, nowMs: number): boolean => {
  const at = quietAt(sql);
  if (at === null || nowMs < at) return false;
  setMeta(sql, 'quiet_at', '');
  return isCalledLive(sql);
};

const isCalledLive = (sql: SqlStorage): boolean => getMeta(sql, 'live') === '1' && isIdle(sql);

/** An open mission without work is closed this long after something last happened to it. */
const idleMissions = `missions INDEXED BY missions_open
  WHERE status = 'active' AND turn IS NULL AND deleted_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM commands INDEXED BY commands_open
      WHERE mission = missions.id AND state IN ('kept', 'sent', 'received', 'accepted', 'running'))`;

/** The end of the hour in which the next mission is stale: however many there are, the object is woken once an hour at most. */
const closesAt = (sql: SqlStorage, staleHours: number): number | null => {
  const { oldest } = sql.exec<{ oldest: number | null }>(`SELECT min(updated_at) AS oldest FROM ${idleMissions}`).one();
  return oldest === null ? null : Math.ceil((oldest + staleHours * hourMs) / hourMs) * hourMs;
};

/** Missions to close now. */
export const staleMissions = (sql: SqlStorage, staleHours: number, nowMs: number): string[] =>
  sql
    .exec<{ id: string }>(`SELECT id FROM ${idleMissions} AND updated_at <= ?`, nowMs - staleHours * hourMs)
    .toArray()
    .map(({ id }) => id);

const readTime = (sql: SqlStorage, key: string): number | null => {
  const text = getMeta(sql, key);
  return text === null || text === '' ? null : Number(text);
};
