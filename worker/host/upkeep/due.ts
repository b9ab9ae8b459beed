/**
 * What the object's single alarm is set for. When it is due is computed from the tables each time. So no task can
 * overwrite the wake-up of another, an alarm that comes early or twice finds nothing to do, and nothing is lost by an
 * eviction.
 */
import { isOpen } from '../messages/messages.ts';
import { isIdle } from '../missions/activity.ts';
import { getMeta, setMeta } from '../tables.ts';

/** Wait before a failed projection is tried again: D1 is away for seconds, not minutes. */
const retryMs = 5_000;
/**
 * A server is called quiet only after this long without work, so that a conversation does not write D1 at every turn.
 */
const quietMs = 60_000;
export const hourMs = 3_600_000;

/**
 * When the object is wanted next (milliseconds), or null while nothing is due ever. `staleHours` null: missions are
 * never closed.
 */
export const nextDue = (sql: SqlStorage, staleHours: number | null): number | null => {
  const times = [retryAt(sql), quietAt(sql), staleHours === null ? null : closesAt(sql, staleHours)];
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : Math.min(...due);
};

/** Notes that D1 could not be written, or that it has everything. */
export const storeProjectionResult = (sql: SqlStorage, worked: boolean, nowMs: number): void =>
  setMeta(sql, 'retry_at', worked ? '' : String(nowMs + retryMs));

const retryAt = (sql: SqlStorage): number | null => readTime(sql, 'retry_at');

/**
 * Stores since when a server that is marked live in D1 has had nothing to do. Called after each step, it writes only
 * once for each idle period.
 */
export const storeQuietSince = (sql: SqlStorage, nowMs: number): void => {
  if (isCalledLive(sql) && readTime(sql, 'quiet_at') === null) setMeta(sql, 'quiet_at', String(nowMs));
};

/**
 * When to check whether a server has become quiet; null when it is already marked quiet, or has worked since the last
 * check.
 */
const quietAt = (sql: SqlStorage): number | null => {
  const since = readTime(sql, 'quiet_at');
  return since === null ? null : since + quietMs;
};

/**
 * Whether a server that is marked live in D1 has had nothing to do for long enough. If it works again, the wait starts
 * anew.
 */
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
      WHERE mission = missions.id AND ${isOpen})`;

/**
 * The end of the hour in which the next mission is stale: however many there are, the object is woken once an hour at
 * most.
 */
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
