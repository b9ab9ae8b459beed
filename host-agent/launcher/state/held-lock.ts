import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { identityOf, isAlive, type ProcessIdentity } from '../../process/identity.ts';
import { writePrivateFile } from '../../process/private-file.ts';

/** Proof that this launcher is the only one on its state directory; closed by the kernel when it dies. */
export interface HeldLock {
  /** Notes a child that was just started; throws when it is gone already. */
  record(role: string, pid: number): Promise<void>;
  /** Gives it back. Where no child is left, the next start is told so. */
  close(): void;
}

/** The files of a lock: the one that is held, and the record of the launcher and its children. */
export interface LockFiles {
  lock: string;
  processes: string;
}

/** A record of a launcher that has ended all it started. */
const nothingLeft = '{}';

/** Whether the last launcher ended in order, so that nothing of it can run. */
export const endedInOrder = ({ processes }: LockFiles): boolean => readFileSync(processes, 'utf8') === nothingLeft;

/**
 * Takes the lock, and undefined where another process has it. It is a file lock of the kernel (SQLite's exclusive
 * transaction, since Node offers no other), so a dead launcher holds none and two starts can't both take it over.
 */
export const holdLock = (paths: LockFiles): HeldLock | undefined => {
  const file = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    file.exec('begin exclusive');
  } catch (error) {
    file.close();
    if (isBusy(error)) return undefined;
    throw new Error(`${paths.lock} can't be locked. Check its owner and mode.`, { cause: error });
  }
  const recorded: Record<string, ProcessIdentity> = {};
  let written = Promise.resolve();
  return {
    record: (role, pid) => {
      const identity = identityOf(pid);
      if (!identity) return Promise.reject(new Error(`${role} ended as soon as it was started`));
      recorded[role] = identity;
      // One after the other: the last record is the one that stays.
      written = written.catch(() => undefined).then(() => writePrivateFile(paths.processes, JSON.stringify(recorded)));
      return written;
    },
    close: () => {
      const { launcher, ...children } = recorded;
      if (launcher && !Object.values(children).some(isAlive)) writeNothingLeft(paths.processes);
      file.close();
    },
  };
};

/** SQLITE_BUSY: another process holds the transaction. */
const isBusy = (error: unknown) => error instanceof Error && 'errcode' in error && error.errcode === 5;

/** Not written through: a start after a power cut has nothing to end, whatever the record says. */
const writeNothingLeft = (path: string): void => {
  try {
    writeFileSync(`${path}.new`, nothingLeft, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {
    // The next start finds the record as it was, and none of it alive.
  }
};
