/**
 * What a commit still owes to others: one row for each thing (kind and key), with the revision that the other side is
 * to have. It is written in the transaction of the change, so it can't be forgotten, and leaves when the other side has
 * that revision or a newer one. Whatever changes meanwhile changes the row and no more: a thousand changes of a mission
 * are one write (architecture §8).
 */
import { remembered } from '../remembered.ts';

/**
 * `mission`: its row in the D1 directory. `server`: what D1 knows of this server. `rebuild`: all missions, in order.
 * `account`: what the account of a user knows of this server. `adopted`: whether a mission is another server's.
 * `archive`: a mission is gone from the archive.
 */
export type EffectKind = 'mission' | 'server' | 'rebuild' | 'account' | 'adopted' | 'archive';

export interface Effect {
  kind: EffectKind;
  key: string;
  rev: number;
  /** How far a long one has come. */
  note: string;
  /** Attempts that failed on this very thing, while its receiver took others. */
  tries: number;
  /** Not before this (milliseconds). */
  due_at: number;
}

/** Rows of one slice, and statements of one D1 transaction: a few milliseconds of its time and of ours. */
export const sliceRows = 100;

/**
 * Wants something, or wants it again: the row gets a revision above the one it had, so that an attempt under way does
 * not settle it. Call it in the transaction of the change.
 */
export const want = (sql: SqlStorage, kind: EffectKind, key: string, rev: number): void => {
  sql.exec(
    `INSERT INTO effects (kind, key, rev) VALUES (?, ?, ?) ON CONFLICT (kind, key)
       DO UPDATE SET rev = max(rev + 1, excluded.rev), note = '', due_at = 0`,
    kind,
    key,
    rev,
  );
};

/** The same, not before a time (milliseconds) unless it is wanted sooner. Call it in the transaction of the change. */
export const wantNotBefore = (sql: SqlStorage, kind: EffectKind, key: string, dueAt: number): void => {
  sql.exec(
    `INSERT INTO effects (kind, key, rev, due_at) VALUES (?, ?, 1, ?)
       ON CONFLICT (kind, key) DO UPDATE SET rev = rev + 1, note = ''`,
    kind,
    key,
    dueAt,
  );
};

/** What is due of one kind, at most one slice. */
export const dueOf = (sql: SqlStorage, kind: EffectKind, nowMs: number): Effect[] =>
  sql
    .exec<Effect & Record<string, SqlStorageValue>>(
      'SELECT kind, key, rev, note, tries, due_at FROM effects WHERE kind = ? AND due_at <= ? LIMIT ?',
      kind,
      nowMs,
      sliceRows,
    )
    .toArray();

/** The other side has it, as it was at this revision; what changed since stays wanted. */
export const settle = (sql: SqlStorage, { kind, key, rev }: Effect): void => {
  sql.exec('DELETE FROM effects WHERE kind = ? AND key = ? AND rev <= ?', kind, key, rev);
};

/** Notes how far it has come, unless it was begun anew meanwhile. */
export const cameTo = (sql: SqlStorage, { kind, key, rev }: Effect, note: string): void => {
  sql.exec('UPDATE effects SET note = ? WHERE kind = ? AND key = ? AND rev = ?', note, kind, key, rev);
};

/**
 * The receiver took others and not this one: it waits by itself, so that it holds up nobody. `dueAt` is given how often
 * it had failed before. Out: how often it has failed now.
 */
export const postpone = (
  sql: SqlStorage,
  { kind, key }: Pick<Effect, 'kind' | 'key'>,
  dueAt: (tries: number) => number,
): number => {
  const before = sql
    .exec<{ tries: number }>('SELECT tries FROM effects WHERE kind = ? AND key = ?', kind, key)
    .toArray()[0];
  const tries = before?.tries ?? 0;
  sql.exec(
    `INSERT INTO effects (kind, key, rev, tries, due_at) VALUES (?1, ?2, 0, ?3, ?4)
       ON CONFLICT (kind, key) DO UPDATE SET tries = ?3, due_at = ?4`,
    kind,
    key,
    tries + 1,
    dueAt(tries),
  );
  return tries + 1;
};

/**
 * When the next of these kinds is due (milliseconds; 0 for one that never failed), or null while none is wanted. Asked
 * with every frame: nearly always there is no row at all, or the first one is due.
 */
export const nextOf = (sql: SqlStorage, kinds: readonly EffectKind[]): number | null => {
  const those = kinds.map((kind) => `'${kind}'`).join(', ');
  return dueTimes.get(sql, those, () => {
    const among = `FROM effects WHERE kind IN (${those})`;
    if (sql.exec(`SELECT 1 ${among} AND due_at = 0 LIMIT 1`).toArray().length > 0) return 0;
    return sql.exec<{ at: number | null }>(`SELECT min(due_at) AS at ${among}`).one().at;
  });
};

const dueTimes = remembered<number | null>('effects');
