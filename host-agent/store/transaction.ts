import type { DatabaseSync } from 'node:sqlite';

/** The disk, or our own cap, leaves no room. Nothing of the failed transaction was stored (protocol §3, full disk). */
export class StoreFull extends Error {
  override readonly name: string = 'StoreFull';
}

/** It is the disk, not our cap. */
export class DiskFull extends StoreFull {
  override readonly name = 'DiskFull';
}

interface Open {
  afterCommit: (() => void)[];
  /** Set when a nested call threw: its half-done writes must not be committed, even if somebody caught the error. */
  broken: { cause: unknown } | null;
}

const open = new WeakMap<DatabaseSync, Open>();

/**
 * Runs `work` in one write transaction; a call inside another joins it, and fails it as a whole when it throws.
 * Out: what `work` returned, committed and synced. Throws StoreFull when the disk is full, else what `work` threw;
 * either way the store is as before.
 */
export const transact = <T>(db: DatabaseSync, work: () => T): T => {
  const outer = open.get(db);
  if (outer) return join(outer, work);
  const own: Open = { afterCommit: [], broken: null };
  let result: T;
  try {
    db.exec('BEGIN IMMEDIATE');
    open.set(db, own);
    result = work();
    if (own.broken) throw own.broken.cause;
    db.exec('COMMIT');
  } catch (error) {
    // SQLite rolls some failures back by itself, a full disk among them.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw isDiskFull(error) ? new DiskFull('the disk below the host-agent store is full', { cause: error }) : error;
  } finally {
    open.delete(db);
  }
  for (const notify of own.afterCommit) notify();
  return result;
};

/** Runs `notify` once the current transaction is committed (never if it fails), or at once outside of one. */
export const afterCommit = (db: DatabaseSync, notify: () => void): void => {
  const current = open.get(db);
  if (current) current.afterCommit.push(notify);
  else notify();
};

const join = <T>(outer: Open, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    outer.broken ??= { cause: error };
    throw error;
  }
};

/** SQLITE_FULL (13), or the shared memory of the WAL could not grow (SQLITE_IOERR_SHMSIZE). */
const isDiskFull = (error: unknown): boolean => {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && ((code & 0xff) === 13 || code === 4874);
};
