import { sameSecret } from '../digest.ts';
import { isRemoved, setRemoved } from './removed.ts';
import { getMeta, setMeta } from './tables.ts';

/** The credential of this server: its hash, and the epoch that rose with its issue (protocol §2 Enrolment). */
export interface Credential {
  sha256: string;
  epoch: number;
}

/** The epoch in force; 0 before the first. */
export const epochOf = (sql: SqlStorage): number => Number(getMeta(sql, 'epoch') ?? 0);

/**
 * Keeps a credential that was issued, also to a server that was removed: it is back by that. One of an earlier epoch
 * comes late, and is none any more.
 */
export const keepCredential = (sql: SqlStorage, { sha256, epoch }: Credential): void => {
  if (epoch < epochOf(sql)) return;
  setRemoved(sql, false);
  setMeta(sql, 'epoch', String(epoch));
  setMeta(sql, 'credential', sha256);
};

/**
 * Keeps a credential that the directory has confirmed for a dial: an object of an older version was never told it. A
 * dial may have been on the way while its server was removed, so a removed one learns nothing by it.
 */
export const learnCredential = (sql: SqlStorage, credential: Credential): void => {
  if (!isRemoved(sql)) keepCredential(sql, credential);
};

/** The server is removed: from here on nobody speaks for it. */
export const endCredential = (sql: SqlStorage): void => {
  setRemoved(sql, true);
  setMeta(sql, 'credential', '');
};

/** The epoch of a credential by its hash: null where it is not this server's, `untold` where none was told yet. */
export const provenEpoch = (sql: SqlStorage, sha256: string): number | null | 'untold' => {
  const kept = getMeta(sql, 'credential');
  if (kept === null) return 'untold';
  return sameSecret(kept, sha256) ? epochOf(sql) : null;
};
