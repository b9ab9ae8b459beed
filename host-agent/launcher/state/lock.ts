import * as z from 'zod';
import { type Clock, wait } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { isAlive, type ProcessIdentity } from '../../process/identity.ts';
import { processIdentity } from '../../process/identity-record.ts';
import { processTree } from '../../process/tree.ts';
import { type HeldLock, holdLock, type LockFiles } from './held-lock.ts';
import { readStateJson } from './state-json.ts';

/** The launcher and its children by role, kept on disk for whoever starts after a crash. */
const processRecord = z.record(z.string(), processIdentity);

/** The lock of a state directory on which nothing of an earlier start runs any more. */
export interface Lock extends HeldLock {
  /** Names of the processes of a killed launcher that were found and ended when the lock was taken. */
  ended: string[];
}

/** Takes the state directory for this process and ends what a killed launcher may have left. Throws StartError. */
export const takeLock = async (paths: LockFiles, clock: Clock): Promise<Lock> => {
  const held = holdLock(paths);
  if (!held) {
    const holder = (await readStateJson(paths.processes, processRecord))?.launcher;
    throw new StartError(
      `Open Agent already runs on this state directory${holder ? ` (process ${holder.pid})` : ''}. ` +
        'Stop it first, or set another WORKING_DIR.',
    );
  }
  try {
    const ended = await endLeftovers((await readStateJson(paths.processes, processRecord)) ?? {}, clock);
    await held.record('launcher', process.pid);
    return { ...held, ended };
  } catch (error) {
    held.close();
    throw error;
  }
};

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
