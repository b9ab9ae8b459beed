import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type ContainmentMeans, contain } from '../../process/namespace.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

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
  /** What asks it to end; SIGTERM unless it is deaf to that. */
  stopSignal?: StopSignal;
  /** Time between that and SIGKILL when it is stopped. */
  graceMs: number;
  /** How the child is tied to our life; without a PID namespace it shares ours. */
  means: ContainmentMeans;
}

/**
 * Starts a child that the kernel kills when this process dies, however it dies (see process/namespace.ts). The child leads a
 * session of its own and ignores what is sent to everybody, so that the launcher stops the children in order.
 * Rejects when the program can't be started.
 */
export const spawnTied = async (spec: Spawn): Promise<Running> => {
  const { file, args } = contain([spec.command, ...spec.args], spec.means);
  const log = openSync(spec.logFile, 'a', 0o600);
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH ?? '', ...spec.env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const gone = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${spec.command} can't be started`, { cause: error })));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${spec.command} was started without a pid`);
  const exited = gone.then((exit) => {
    signalProcess(-pid, 'SIGKILL'); // What is left of its process group.
    return exit;
  });
  return { pid, exited, stop: () => stop(pid, exited, spec) };
};

const stop = async (pid: number, exited: Promise<Exit>, { stopSignal = 'SIGTERM', graceMs }: Spawn): Promise<void> => {
  signalProcess(pid, stopSignal);
  const kill = setTimeout(() => signalProcess(-pid, 'SIGKILL'), graceMs);
  await exited;
  clearTimeout(kill);
};

const signalProcess = (target: number, signal: StopSignal | 'SIGKILL'): void => {
  try {
    process.kill(target, signal);
  } catch {
    // Gone already, which is what a stopping signal wants.
  }
};

export const describeExit = ({ code, signal }: Exit): string =>
  signal ? `ended by ${signal}` : `ended with code ${code ?? 'unknown'}`;
