import type { Src } from '../../../shared/frames.ts';
import { changed, remembered } from '../remembered.ts';

/** How far a run has come, and how far the log was when the run's own row was written. */
interface Position {
  n: number;
  seq: number;
}

/** So many rows of the log are looked at for the position of a run, once when the object has woken up. */
const tailRows = 500;

/** The log says it too, so it depends on what is removed there; what is added is told below. */
const positions = remembered<Position | null>('runs', changed('log'));

const read = (sql: SqlStorage, run: string): Position | null => {
  const own = sql.exec<{ n: number; seq: number }>('SELECT n, seq FROM runs WHERE run = ?', run).toArray()[0];
  if (!own) return null;
  const query = 'SELECT max(n) AS n FROM log WHERE seq > ? AND seq <= ? AND run = ?';
  const { n } = sql.exec<{ n: number | null }>(query, own.seq, own.seq + tailRows, run).one();
  return { n: Math.max(own.n, n ?? 0), seq: own.seq };
};

const positionOf = (sql: SqlStorage, run: string): Position | null => positions.get(sql, run, () => read(sql, run));

/** Highest n stored of a run; 0 for one never seen. */
export const runPosition = (sql: SqlStorage, run: string): number => positionOf(sql, run)?.n ?? 0;

/**
 * Stores how far a run has come. `seq`: the head of the log. `isInLog`: its newest row says so itself, so that the
 * run's own row, which would be written for each batch, need be only now and then.
 */
export const setRunPosition = (
  sql: SqlStorage,
  run: string,
  n: number,
  { seq, isInLog }: { seq: number; isInLog: boolean },
): void => {
  const known = positionOf(sql, run);
  if (known && isInLog && seq <= known.seq + tailRows) {
    positions.put(sql, run, { n, seq: known.seq });
    return;
  }
  const query =
    'INSERT INTO runs (run, n, seq) VALUES (?, ?, ?) ON CONFLICT (run) DO UPDATE SET n = excluded.n, seq = excluded.seq';
  positions.write(sql, run, { n, seq }, () => sql.exec(query, run, n, seq));
};

export interface SourcePosition {
  seq: number;
  index: number;
}

/** The newest position in OpenCode's history of a session that is stored, by whatever run; undefined for none. */
export const sourcePosition = (sql: SqlStorage, source: string, session: string): SourcePosition | undefined =>
  sources.get(sql, JSON.stringify([source, session]), () => {
    const query = 'SELECT seq, idx AS "index" FROM sources WHERE source = ? AND session = ?';
    return sql.exec<{ seq: number; index: number }>(query, source, session).toArray()[0] ?? null;
  }) ?? undefined;

const sources = remembered<SourcePosition | null>('sources');

export const setSourcePosition = (sql: SqlStorage, src: Src): void => {
  const { source, session, seq, index } = src;
  const query = `INSERT INTO sources (source, session, seq, idx) VALUES (?, ?, ?, ?)
    ON CONFLICT (source, session) DO UPDATE SET seq = excluded.seq, idx = excluded.idx`;
  sources.write(sql, JSON.stringify([source, session]), { seq, index }, () =>
    sql.exec(query, source, session, seq, index),
  );
};
