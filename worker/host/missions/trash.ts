/**
 * Deleted missions. One is hidden at once and kept for a while, so that its owner can have it back; then it is purged,
 * a slice at a time (upkeep/purge.ts). `purge` of a mission says how far that has come.
 */

const dayMs = 86_400_000;
/** Long enough to notice after a holiday that the wrong mission was deleted. */
const defaultDays = 30;

/** Values of the column `purge`: not yet (also of a mission that is not deleted), begun, done. */
export const [purgeBegun, purgeDone] = [1, 2];

/** SQL: a mission is in the trash or being purged. Word for word that of the index `missions_trash`. */
const isTrash = `deleted_at IS NOT NULL AND purge < ${purgeDone}`;

/**
 * How long a deleted mission is kept (milliseconds), from the text of `TRASH_DAYS`; 0: not at all. A text that is no
 * number is the default: what was kept for a mistake can still be deleted.
 */
export const trashMs = (text: string | undefined): number =>
  (/^\d{1,5}$/.test(text?.trim() ?? '') ? Number(text) : defaultDays) * dayMs;

/** When the next deleted mission is to be purged (milliseconds); null while there is none. */
export const purgesAt = (sql: SqlStorage, keptMs: number): number | null => {
  const { oldest } = sql
    .exec<{ oldest: number | null }>(
      `SELECT min(deleted_at) AS oldest FROM missions INDEXED BY missions_trash WHERE ${isTrash}`,
    )
    .one();
  return oldest === null ? null : oldest + keptMs;
};

/** The mission to purge now, the one deleted first, or null. */
export const dueForPurge = (sql: SqlStorage, keptMs: number, nowMs: number): string | null =>
  sql
    .exec<{ id: string }>(
      `SELECT id FROM missions INDEXED BY missions_trash WHERE ${isTrash} AND deleted_at <= ?
         ORDER BY deleted_at LIMIT 1`,
      nowMs - keptMs,
    )
    .toArray()[0]?.id ?? null;

/** Notes that rows of this mission begin to go: from here on nobody can have it back. */
export const beginPurge = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE missions SET purge = ? WHERE id = ? AND purge < ?', purgeBegun, id, purgeBegun);
};

/** Nothing is left but its id, whose it was, and when it was deleted: late rows have to be recognised. */
export const endPurge = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE missions SET purge = ?, title = NULL, rev = rev + 1 WHERE id = ?', purgeDone, id);
};
