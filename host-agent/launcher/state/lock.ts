import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { type Clock, wait } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { identityOf, isAlive, type ProcessIdentity, processIdentity } from '../../process/identity.ts';
import { writePrivateFile } from '../../process/private-file.ts';
import { processTree } from '../../process/tree.ts';
import { readStateJson } from './state-json.ts';

/** The launcher and its children by role, kept on disk for whoever starts after a crash. */
const processRecord = z.record(z.string(), processIdentity);

/** Proof that this launcher is the only one on its state directory; closed by the kernel when it dies. */
export interface Lock {
  /** Notes a child that was just started; throws when it is gone already. */
  record(role: string, pid: number): Promise<void>;
  /** Names of the processes of a killed launcher that were found and ended when the lock was taken. */
  ended: string[];
  close(): void;
}

/**
 * Takes the state directory for this process and ends what a killed launcher may have left. The lock is a file lock of
 * the kernel (SQLite's exclusive transaction, since Node offers no other), so a dead launcher holds none and two starts
 * can't both take it over. Throws StartError.
 */
export const takeLock = async (paths: { lock: string; processes: string }, clock: Clock): Promise<Lock> => {
  const file = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    file.exec('begin exclusive');
  } catch (error) {
    file.close();
    if (!isBusy(error)) throw new Error(`${paths.lock} can't be locked. Check its owner and mode.`, { cause: error });
    const holder = (await readStateJson(paths.processes, processRecord))?.launcher;
    throw new StartError(
      `Open Agent already runs on this state directory${holder ? ` (process ${holder.pid})` : ''}. ` +
        'Stop it first, or set another WORKING_DIR.',
      { cause: error },
    );
  }
  const ended = await endLeftovers((await readStateJson(paths.processes, processRecord)) ?? {}, clock);
  const alive: Record<string, ProcessIdentity> = {};
  const record = async (role: string, pid: number) => {
    const identity = identityOf(pid);
    if (!identity) throw new Error(`${role} ended as soon as it was started`);
    alive[role] = identity;
    await writePrivateFile(paths.processes, JSON.stringify(alive));
  };
  await record('launcher', process.pid);
  return { record, ended, close: () => file.close() };
};

/** SQLITE_BUSY: another process holds the transaction. */
const isBusy = (error: unknown) => error instanceof Error && 'errcode' in error && error.errcode === 5;

/** How often a killed process is looked at until the kernel has removed it. */
const goneCheckMs = 20;
/**
 * Longer than this, a killed process hangs inside the kernel (a dead network disk, say), and starting beside it is
 * unsafe.
 */
const goneWithinMs = 5_000;

/**
 * Kills recorded processes that outlived their launcher (a child can miss its parent's death while it is being
 * started), with all that is below them. Out: the names of what was killed.
 */
const endLeftovers = async (recorded: Record<string, ProcessIdentity>, clock: Clock): Promise<string[]> => {
  const { launcher: _, ...children } = recorded;
  const alive = Object.values(children).filter(isAlive);
  const left = alive.flatMap(({ pid }) => processTree(pid));
  for (const { pid } of alive) kill(-pid); // Children lead a process group of their own (see children.ts).
  for (const { identity } of left) if (isAlive(identity)) kill(identity.pid);
  const givenUpAt = clock.steadyMs() + goneWithinMs;
  for (const { identity } of left) {
    while (isAlive(identity)) {
      if (clock.steadyMs() > givenUpAt) {
        throw new Error(
          `Process ${identity.pid} of an earlier start does not end, not even when killed. Reboot, or find out why.`,
        );
      }
      await wait(clock, goneCheckMs);
    }
  }
  return left.map(({ name }) => name);
};

const kill = (target: number) => {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It ended between the look and the signal.
  }
};
