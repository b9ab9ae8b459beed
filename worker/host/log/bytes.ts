import { undoneBy } from '../undone.ts';

/**
 * How much of the log each mission has, for the quota `log_bytes`. It is written where the mission's row is written
 * anyhow, or when enough has come together: a row for every batch would be half of what a batch costs. What an eviction
 * forgets is below `unsavedBytes` for each mission that works.
 */
const unsavedBytes = 64 * 1024;

/** By object: bytes of a mission that are in no row yet. Memory only. */
const unsaved = new WeakMap<SqlStorage, Map<string, number>>();

const of = (sql: SqlStorage): Map<string, number> => {
  const known = unsaved.get(sql) ?? new Map<string, number>();
  unsaved.set(sql, known);
  return known;
};

/** Sets what is in no row yet, until the transaction that it is part of is rolled back. */
const set = (sql: SqlStorage, mission: string, bytes: number): void => {
  const counted = of(sql);
  const before = counted.get(mission) ?? 0;
  const put = (count: number) => (count === 0 ? counted.delete(mission) : counted.set(mission, count));
  undoneBy(sql, () => put(before));
  put(bytes);
};

/** Counts a text that was stored for a mission. Call it inside the transaction. */
export const countBytes = (sql: SqlStorage, mission: string, text: string): void => {
  const bytes = (of(sql).get(mission) ?? 0) + Buffer.byteLength(text);
  set(sql, mission, bytes);
  if (bytes < unsavedBytes) return;
  sql.exec('UPDATE missions SET log_bytes = log_bytes + ? WHERE id = ?', takeBytes(sql, mission), mission);
};

/** What is to be added to a mission's `log_bytes` by whoever writes its row. */
export const takeBytes = (sql: SqlStorage, mission: string): number => {
  const bytes = of(sql).get(mission) ?? 0;
  if (bytes > 0) set(sql, mission, 0);
  return bytes;
};
