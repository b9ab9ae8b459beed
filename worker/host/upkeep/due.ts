/**
 * What the object's single alarm is set for. When it is due is computed from the tables each time. So no task can
 * overwrite the wake-up of another, an alarm that comes early or twice finds nothing to do, and nothing is lost by an
 * eviction.
 */
import { someAreQuiet } from '../effects/accounts.ts';
import { lookAt } from '../effects/connected.ts';
import { effectsDue } from '../effects/drain.ts';
import { serverFacts } from '../effects/facts.ts';
import { isWithoutOpen } from '../messages/waiting.ts';
import { isIdle } from '../missions/activity.ts';
import { purgesAt } from '../missions/trash.ts';
import { getMeta, setMeta } from '../tables.ts';

/**
 * A server is called quiet only after this long without work, so that a conversation does not write D1 at every turn.
 */
const quietMs = 60_000;
export const hourMs = 3_600_000;

/**
 * When the object is wanted next (milliseconds), or null while nothing is due ever. `staleHours` null: missions are
 * never closed. `trashMs`: how long deleted ones are kept.
 */
export const nextDue = (sql: SqlStorage, staleHours: number | null, trashMs: number): number | null => {
  const closes = staleHours === null ? null : closesAt(sql, staleHours);
  const times = [effectsDue(sql), quietAt(sql), closes, purgesAt(sql, trashMs), lookAt(sql)];
  const due = times.filter((time) => time !== null);
  return due.length === 0 ? null : Math.min(...due);
};

/**
 * Stores since when a server that is called live has had nothing to do. Called after each step, it writes only
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
 * Whether a server that is called live has had nothing to do for long enough. If it works again, the wait starts
 * anew.
 */
export const isQuiet = (sql: SqlStorage, nowMs: number): boolean => {
  const at = quietAt(sql);
  if (at === null || nowMs < at) return false;
  setMeta(sql, 'quiet_at', '');
  return isCalledLive(sql);
};

/** The server, or an owner of something on it, is called live and has nothing alive. */
const isCalledLive = (sql: SqlStorage): boolean => (serverFacts(sql).live && isIdle(sql)) || someAreQuiet(sql);

/** An open mission without work is closed this long after something last happened to it. */
const idleMissions = `missions INDEXED BY missions_open
  WHERE status = 'active' AND turn IS NULL AND deleted_at IS NULL
    AND ${isWithoutOpen}`;

/** By object: when the next mission is stale, as it was found. Memory only. */
const foundCloses = new WeakMap<SqlStorage, number>();

/**
 * The end of the hour in which the next mission is stale: however many there are, the object is woken once an hour at
 * most. All open missions are looked at for it once between two alarms, not after each step: whatever happens to a
 * mission makes it stale later, and an alarm that comes too early looks again.
 */
const closesAt = (sql: SqlStorage, staleHours: number): number | null => {
  const found = foundCloses.get(sql);
  if (found !== undefined) return found;
  const { oldest } = sql.exec<{ oldest: number | null }>(`SELECT min(updated_at) AS oldest FROM ${idleMissions}`).one();
  if (oldest === null) return null;
  const hour = Math.ceil((oldest + staleHours * hourMs) / hourMs) * hourMs;
  const closes = Math.max(hour, readTime(sql, 'stale_wait') ?? 0);
  foundCloses.set(sql, closes);
  return closes;
};

/** Notes that missions could not be closed: what went wrong is not to wake the object again and again. */
export const postponeClosing = (sql: SqlStorage, nowMs: number): void => {
  foundCloses.delete(sql);
  setMeta(sql, 'stale_wait', String(nowMs + hourMs));
};

/** Missions closed at a time: the alarm comes again at once for what is left. */
const closedAtOnce = 100;

/** Missions to close now, the oldest first. When the next ones are is found anew after it. */
export const staleMissions = (sql: SqlStorage, staleHours: number, nowMs: number): string[] => {
  foundCloses.delete(sql);
  return (readTime(sql, 'stale_wait') ?? 0) > nowMs
    ? []
    : sql
        .exec<{ id: string }>(
          `SELECT id FROM ${idleMissions} AND updated_at <= ? ORDER BY updated_at LIMIT ?`,
          nowMs - staleHours * hourMs,
          closedAtOnce,
        )
        .toArray()
        .map(({ id }) => id);
};

const readTime = (sql: SqlStorage, key: string): number | null => {
  const text = getMeta(sql, key);
  return text === null || text === '' ? null : Number(text);
};
