import type { Src } from '../../../shared/frames.ts';

/** Highest n stored of a run; 0 for one never seen. */
export const runPosition = (sql: SqlStorage, run: string): number =>
  sql.exec<{ n: number }>('SELECT n FROM runs WHERE run = ?', run).toArray()[0]?.n ?? 0;

export const setRunPosition = (sql: SqlStorage, run: string, n: number): void => {
  sql.exec('INSERT INTO runs (run, n) VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET n = excluded.n', run, n);
};

export interface SourcePosition {
  seq: number;
  index: number;
}

/** The newest position in OpenCode's history of a session that is stored, by whatever run; undefined for none. */
export const sourcePosition = (sql: SqlStorage, source: string, session: string): SourcePosition | undefined =>
  sql
    .exec<{ seq: number; index: number }>(
      'SELECT seq, idx AS "index" FROM sources WHERE source = ? AND session = ?',
      source,
      session,
    )
    .toArray()[0];

export const setSourcePosition = (sql: SqlStorage, src: Src): void => {
  sql.exec(
    `INSERT INTO sources (source, session, seq, idx) VALUES (?, ?, ?, ?)
       ON CONFLICT (source, session) DO UPDATE SET seq = excluded.seq, idx = excluded.idx`,
    src.source,
    src.session,
    src.seq,
    src.index,
  );
};
