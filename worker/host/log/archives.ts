/** Slices of missions' logs that were written to the archive, by the last `sequence` in each. */
export interface Archived {
  from: number;
  to: number;
  /** Its name in the bucket. */
  name: string;
}

type Row = Archived & Record<string, SqlStorageValue>;

/** Call it in the transaction in which the rows leave the log. */
export const noteArchived = (sql: SqlStorage, mission: string, { from, to, name }: Archived): void => {
  sql.exec('INSERT INTO archives (mission, last, first, name) VALUES (?, ?, ?, ?)', mission, to, from, name);
};

/** The first archived slice that reaches to this `sequence` or beyond it. */
export const archivedFrom = (sql: SqlStorage, mission: string, sequence: number): Archived | undefined =>
  sql
    .exec<Row>(
      `SELECT first AS "from", last AS "to", name FROM archives WHERE mission = ? AND last >= ? ORDER BY last LIMIT 1`,
      mission,
      sequence,
    )
    .toArray()[0];

/** Forgets what a deleted mission has in the archive, at most `most`; out: how many. */
export const forgetArchived = (sql: SqlStorage, mission: string, most: number): number =>
  sql
    .exec(
      `DELETE FROM archives WHERE mission = ?1 AND last IN (SELECT last FROM archives WHERE mission = ?1 LIMIT ?2)
         RETURNING 1`,
      mission,
      most,
    )
    .toArray().length;
