import type { Clock } from '../../../shared/clock.ts';
import type { OwnUser } from '../../process/as-user.ts';
import { type Exit, signalProcess, startChild } from '../../process/child.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';

/** A child process that is running or was. */
export interface Running {
  pid: number;
  /** Resolves once, when the process and its process group are gone. */
  exited: Promise<Exit>;
  /** Asks it to end and makes it end; resolves when it is gone. May be called again. */
  stop(): Promise<unknown>;
}

type StopSignal = 'SIGTERM' | 'SIGUSR2';

export interface Spawn {
  command: string;
  args: string[];
  /** The whole environment: nothing is inherited, so that no provider key reaches a process that does not need it. */
  env: Record<string, string>;
  /** File that the child's stdout and stderr are appended to. */
  logFile: string;
  /** What asks it to end; SIGTERM unless it ignores that. */
  stopSignal?: StopSignal;
  /** Time between that and SIGKILL when it is stopped. */
  graceMs: number;
  clock: Clock;
  /** Who it is, where not who we are. */
  as?: OwnUser;
  /** Directories that it may go into, whatever that user may (see process/child.ts). */
  opened?: readonly string[];
  /** How the child is tied to our life; without a PID namespace it shares ours. */
  means: ContainmentMeans;
}

/**
 * Starts a child that the kernel kills when this process dies, however it dies (see process/namespace.ts). The child
 * leads a session of its own and ignores what is sent to everybody, so that the launcher stops the children in order.
 * Rejects when the program can't be started.
 */
export const spawnTied = async (spec: Spawn): Promise<Running> => {
  const { pid, ...child } = await startChild({
    command: [spec.command, ...spec.args],
    env: { PATH: process.env.PATH ?? '', ...spec.env },
    output: { file: spec.logFile },
    session: 'own',
    tie: spec.means,
    ...(spec.as ? { as: spec.as, opened: spec.opened, cwd: '/' } : {}),
  }).catch((cause: unknown) => {
    throw new Error(`${spec.command} can't be started`, { cause });
  });
  const exited = child.exited.then((exit) => {
    signalProcess(-pid, 'SIGKILL'); // What is left of its process group.
    return exit;
  });
  return { pid, exited, stop: () => stop(pid, exited, spec) };
};

const stop = async (pid: number, exited: Promise<Exit>, { stopSignal = 'SIGTERM', graceMs, clock }: Spawn) => {
  signalProcess(pid, stopSignal);
  const cancel = clock.after(graceMs, () => signalProcess(-pid, 'SIGKILL'));
  await exited;
  cancel();
};
