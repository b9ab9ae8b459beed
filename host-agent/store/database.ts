import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { HostId } from '../../shared/ids.ts';
import { integer, text } from './columns.ts';
import { migrations } from './schema.ts';
import { transact } from './transaction.ts';

/** An open store. `run` was drawn by this opening and numbers every row appended through it (protocol §1). */
export interface Database {
  db: DatabaseSync;
  run: string;
  /** Position of `run` among all runs of this store; older runs have lower ones. */
  runPosition: number;
  /** Where the store of another host id was moved to, if there was one. */
  replaced: string | null;
}

/** Somebody may look into the store with a tool while we write; longer than any read we know of. */
const busyMs = 5_000;

/**
 * Opens or creates the store of host `hostId` (file mode 0600). `now` (ms) names a file that is moved aside because it
 * belongs to another host id: an outbox belongs to one id (protocol §2).
 * Throws AppError for a damaged file or one written by a newer version; neither is touched.
 */
export const openDatabase = (path: string, hostId: HostId, now: number = systemClock.now()): Database => {
  let db = openFile(path);
  let replaced: string | null = null;
  const owner = db.prepare('SELECT host FROM identity').get();
  if (owner && text(owner, 'host') !== hostId) {
    db.close();
    replaced = moveAside(path, now);
    db = openFile(path);
  }
  const run = randomBytes(16).toString('base64url');
  const runPosition = transact(db, () => {
    db.prepare('INSERT OR IGNORE INTO identity (one, host) VALUES (1, ?)').run(hostId);
    // A run without rows was never sent to anybody, so it can be forgotten.
    db.prepare('DELETE FROM runs WHERE head = 0').run();
    return integer(db.prepare('INSERT INTO runs (run) VALUES (?) RETURNING position').get(run), 'position');
  });
  return { db, run, runPosition, replaced };
};

const openFile = (path: string): DatabaseSync => {
  // SQLite gives its -wal and -shm files the mode of the database file.
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const db = new DatabaseSync(path, { timeout: busyMs });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw isDamaged(error) ? damaged(path, error) : error;
  }
};

const migrate = (db: DatabaseSync, path: string): void => {
  const version = integer(db.prepare('PRAGMA user_version').get(), 'user_version');
  if (version > migrations.length) {
    throw new AppError(
      'conflict',
      `The store ${path} has version ${version}, this host-agent knows up to ${migrations.length}. Start the newer version again, or restore the store from before the update.`,
    );
  }
  if (version === migrations.length) return;
  transact(db, () => {
    for (const step of migrations.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  });
};

/** SQLITE_CORRUPT (11) and SQLITE_NOTADB (26), with their extended forms. */
const isDamaged = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  [11, 26].includes(error.errcode & 0xff);

const damaged = (path: string, cause: unknown): AppError =>
  new AppError(
    'internal',
    `The store ${path} is damaged (${cause instanceof Error ? cause.message : 'unreadable'}). Stop the host-agent, restore the file from a backup or move it away together with its -wal and -shm files, and start again: with no file a new store begins, and events that were not sent yet are missing.`,
    { cause },
  );

const moveAside = (path: string, now: number): string => {
  const aside = `${path}.replaced-${now}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
};
