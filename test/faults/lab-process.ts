// One process of the laboratory: it can be started, killed, frozen and started again, as often as a test likes.
import { readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessIdentity } from '../../host-agent/process/identity.ts';
import { alive, processTree } from '../support/launched.ts';

export interface LabProcess {
  /** Starts it; resolves when it is of use. */
  start(): Promise<void>;
  /** SIGKILL of the program itself; resolves when it and all that ended with it are gone. */
  kill(): Promise<void>;
  /** Asks it to end, as the launcher does; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGSTOP and SIGCONT, with all it has started. */
  freeze(): void;
  thaw(): void;
  isRunning(): boolean;
  /** Resolves when the process that runs now is gone, by itself or not. */
  ended(): Promise<void>;
  pid(): number;
  /**
   * Sets its clock this many seconds off the true time; the edge's from its next start on. Only in a laboratory with
   * `faketime`.
   */
  jump(seconds: number): void;
  /** The directory that holds its state. */
  readonly stateDir: string;
}

/** What a start gives: see host-agent/launcher/children/children.ts. */
export interface Started {
  pid: number;
  exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface Program {
  name: string;
  stateDir: string;
  launch(): Promise<Started>;
  /** What it started goes on when it is gone, and is not frozen with it. */
  outlivesIt?: boolean;
  /** Part of the path of the program among what was started to hold it; without it the first process is the program. */
  executable?: string;
  jump?: (seconds: number) => void;
  /** Called when it ends without having been told to. */
  onCrash(name: string): void;
}

/** Between two looks at processes that are not our children and so tell nobody of their end. */
const lookMs = 5;

export const labProcess = (program: Program): LabProcess => {
  let current: Started | undefined;
  let isWanted = false;

  const running = (): Started => {
    if (!current) throw new Error(`${program.name} does not run`);
    return current;
  };
  const treeOf = (pid: number): ProcessIdentity[] => processTree(pid).slice(0, program.outlivesIt ? 1 : undefined);
  const identities = (): ProcessIdentity[] => treeOf(running().pid);
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const { pid } of identities()) send(pid, signal);
  };

  const end = async (how: (started: Started) => unknown): Promise<void> => {
    if (!current) return;
    const started = current;
    const all = treeOf(started.pid);
    isWanted = false;
    await how(started);
    await started.exited;
    while (alive(all).length > 0) await wait(lookMs);
    current = undefined;
  };

  return {
    stateDir: program.stateDir,
    start: async () => {
      if (current) throw new Error(`${program.name} runs already`);
      const started = await program.launch();
      current = started;
      isWanted = true;
      void started.exited.then(() => {
        if (current !== started || !isWanted) return;
        current = undefined;
        program.onCrash(program.name);
      });
    },
    kill: () => end(({ pid }) => send(programIn(processTree(pid), program.executable), 'SIGKILL')),
    stop: () =>
      end((started) => {
        signalAll('SIGCONT'); // A frozen process hears nothing.
        return started.stop();
      }),
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    isRunning: () => current !== undefined,
    ended: async () => {
      await current?.exited;
    },
    pid: () => running().pid,
    jump: (seconds) => {
      if (!program.jump) throw new Error('start the laboratory with faketime to set clocks');
      program.jump(seconds);
    },
  };
};

/** The program among the processes that hold it. */
const programIn = (tree: readonly ProcessIdentity[], executable: string | undefined): number => {
  const found = executable === undefined ? tree[0] : tree.find(({ pid }) => pathOf(pid).includes(executable));
  if (!found) throw new Error(`no process of ${executable ?? 'it'} is there to be killed`);
  return found.pid;
};

const pathOf = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return ''; // It ended while we looked.
  }
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!isGone) throw error;
  }
};
