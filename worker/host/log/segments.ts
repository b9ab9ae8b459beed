/**
 * The parts of a history: each construction of the object that appends begins one, under a random name, so that an
 * object which was rolled back does not know the newest names (protocol §1).
 */
export interface Segment {
  ord: number;
  segment: string;
  first_seq: number;
}

/**
 * So many are kept: an object that is woken every five minutes has them for a month. A cursor of an older one is
 * answered by a reset; only a viewer that slept for so long has one.
 */
const keptSegments = 10_000;
/** At one beginning so many more are let go, where an older version kept all: nobody notices the wait. */
const sliceSegments = 100;

const columns = 'SELECT ord, segment, first_seq FROM segments';

export const newestSegment = (sql: SqlStorage): Segment =>
  sql.exec<Row>(`${columns} WHERE ord = (SELECT max(ord) FROM segments)`).one();

export const segmentNamed = (sql: SqlStorage, name: string): Segment | undefined =>
  sql.exec<Row>(`${columns} WHERE segment = ?`, name).toArray()[0];

export const segmentAfter = (sql: SqlStorage, { ord }: Segment): Segment | undefined =>
  sql.exec<Row>(`${columns} WHERE ord > ? ORDER BY ord LIMIT 1`, ord).toArray()[0];

/** The one that a row is in. */
export const segmentAt = (sql: SqlStorage, seq: number): Segment =>
  sql.exec<Row>(`${columns} WHERE first_seq <= ? ORDER BY first_seq DESC, ord DESC LIMIT 1`, Math.max(1, seq)).one();

/** Begins one at `seq`, and lets go of the oldest; call it inside the transaction of what is appended. */
export const beginSegment = (sql: SqlStorage, name: string, seq: number): void => {
  sql.exec('INSERT INTO segments (segment, first_seq) VALUES (?, ?)', name, seq);
  const { oldest, newest } = sql
    .exec<{ oldest: number; newest: number }>(
      'SELECT (SELECT min(ord) FROM segments) AS oldest, (SELECT max(ord) FROM segments) AS newest',
    )
    .one();
  const until = Math.min(newest - keptSegments, oldest + sliceSegments - 1);
  if (until < oldest) return;
  sql.exec('DELETE FROM segments WHERE ord <= ?', until);
  // The oldest that is kept has the rows of those before it.
  sql.exec('UPDATE segments SET first_seq = 1 WHERE ord = (SELECT min(ord) FROM segments)');
};

/** As SqlStorage wants a row's type. */
type Row = Segment & Record<string, SqlStorageValue>;
