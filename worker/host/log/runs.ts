import type { Src } from '../../../shared/frames.ts';
import { remembered } from '../remembered.ts';

/** Highest n stored of a run; 0 for one never seen. */
export const runPosition = (sql: SqlStorage, run: string): number =>
  runs.get(sql, run, () => sql.exec<{ n: number }>('SELECT n FROM runs WHERE run = ?', run).toArray()[0]?.n ?? 0);

const runs = remembered<number>('runs');

export const setRunPosition = (sql: SqlStorage, run: string, n: number): void => {
  const query = 'INSERT INTO runs (run, n) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET n = excluded.n';
  runs.write(sql, run, n, () => sql.exec(query, run, n));
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
