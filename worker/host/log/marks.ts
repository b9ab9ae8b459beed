/**
 * How old rows are, by the clock of the edge alone: the `at` of a row is its server's, and one whose clock is wrong
 * must not lose its log for it. For each day on which something was appended it is noted how far the log had come.
 */
export const dayMs = 86_400_000;
const dayOf = (ms: number): number => Math.floor(ms / dayMs);

/** By object: the newest day that has a mark. Memory only. */
const newest = new WeakMap<SqlStorage, number>();

const hasMark = (sql: SqlStorage, day: number): boolean => {
  const known = newest.get(sql) ?? sql.exec<{ day: number | null }>('SELECT max(day) AS day FROM marks').one().day;
  if (known !== null) newest.set(sql, known);
  return known !== null && known >= day;
};

/**
 * Notes that all rows up to `seq` were there before `nowMs`, once a day. Call it inside the transaction that appends to
 * them.
 */
export const noteMark = (sql: SqlStorage, nowMs: number, seq: number): void => {
  if (seq > 0 && !hasMark(sql, dayOf(nowMs))) setMark(sql, nowMs, seq);
};

/** The same with what has come since, when a server has become quiet: nothing may come for months. */
export const moveMark = (sql: SqlStorage, nowMs: number, seq: number): void => {
  const [mark] = sql.exec<{ seq: number }>('SELECT seq FROM marks WHERE day >= ? LIMIT 1', dayOf(nowMs)).toArray();
  if (seq > (mark?.seq ?? 0)) setMark(sql, nowMs, seq);
};

const setMark = (sql: SqlStorage, nowMs: number, seq: number): void => {
  sql.exec(
    `INSERT INTO marks (day, at, seq) VALUES (?, ?, ?)
       ON CONFLICT (day) DO UPDATE SET at = excluded.at, seq = excluded.seq`,
    dayOf(nowMs),
    nowMs,
    seq,
  );
  // Read anew: the transaction may be rolled back.
  newest.delete(sql);
};

/** The last row that is known to have been there before `beforeMs`; 0 for none. */
export const rowsBefore = (sql: SqlStorage, beforeMs: number): number =>
  sql
    .exec<{ seq: number }>(
      'SELECT seq FROM marks WHERE day <= ? AND at <= ? ORDER BY day DESC LIMIT 1',
      dayOf(beforeMs),
      beforeMs,
    )
    .toArray()[0]?.seq ?? 0;

/** When a row is known to have been there (milliseconds), by the first mark behind it; null before there is one. */
export const knownSince = (sql: SqlStorage, seq: number): number | null =>
  sql.exec<{ at: number }>('SELECT at FROM marks WHERE seq >= ? ORDER BY seq LIMIT 1', seq).toArray()[0]?.at ?? null;
