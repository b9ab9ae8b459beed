/** Rows that leave the log, or stand in the place of others that did. */
import type { LogEvent } from '../../../shared/events.ts';
import { type LogRow, readRow, type StoredRow } from './log.ts';

/** SQL: never the newest row. After an eviction the head is read off it, and a `seq` is used once. */
const isNotHead = 'seq < (SELECT max(seq) FROM log)';

/**
 * Removes rows of a deleted mission, at most `most`; their seq stay unused. Out: how many. Rows of checkpoints go with
 * their chunks (text/parts.ts); that it was deleted stays, for those who come back.
 */
export const forgetLogOf = (sql: SqlStorage, mission: string, most: number): number => {
  const remove = (rows: string, limit: number): number =>
    sql
      .exec(
        `DELETE FROM log WHERE seq IN (SELECT seq FROM log ${rows} AND ${isNotHead} LIMIT ?) RETURNING 1`,
        mission,
        limit,
      )
      .toArray().length;
  const shown = remove('INDEXED BY log_sequence WHERE mission = ? AND sequence IS NOT NULL', most);
  const unshown = `INDEXED BY log_unshown WHERE mission = ? AND sequence IS NULL
    AND type <> 'part.checkpoint' AND type <> 'mission.deleted'`;
  return shown + remove(unshown, most - shown);
};

/** Removes these rows, of which nothing is read any more. */
export const forgetRows = (sql: SqlStorage, seqs: readonly number[]): void => {
  if (seqs.length === 0) return;
  sql.exec(`DELETE FROM log WHERE seq IN (SELECT value FROM json_each(?)) AND ${isNotHead}`, JSON.stringify(seqs));
};

/** These rows, in order. */
export function* rowsAt(sql: SqlStorage, seqs: readonly number[]): Generator<LogRow> {
  const rows = sql.exec<StoredRow>(
    `SELECT seq, mission, sequence, at, body FROM log WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    JSON.stringify(seqs),
  );
  for (const row of rows) yield readRow(row);
}

/** The event of a mission with this `sequence`, and where it is. */
export const eventOf = (sql: SqlStorage, mission: string, sequence: number): Pick<LogRow, 'seq' | 'event'> | null => {
  const found = sql
    .exec<StoredRow>(
      'SELECT seq, mission, sequence, at, body FROM log WHERE mission = ? AND sequence IS NOT NULL AND sequence = ?',
      mission,
      sequence,
    )
    .toArray()[0];
  return found ? readRow(found) : null;
};

/** Another event stands in a row's place: its numbers stay what they are. */
export const replaceRow = (sql: SqlStorage, seq: number, event: LogEvent): void => {
  sql.exec('UPDATE log SET type = ?, body = ? WHERE seq = ?', event.type, JSON.stringify(event), seq);
};
