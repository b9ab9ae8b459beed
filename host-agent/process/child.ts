/**
 * The one door to other programs. It says for each in one place: environment, directory, where its outputs go, which
 * signals reach it, how it is tied to our life, and how much of what it prints is kept.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { OwnUser } from './as-user.ts';
import { type Contained, type ContainmentMeans, contain, leftFd } from './namespace.ts';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program that runs beside us. */
export interface ChildSpec {
  /** Program and arguments. Nothing secret: everybody on this machine can read them. */
  command: readonly string[];
  /** The whole environment: nothing is inherited, so that no provider key reaches a program that does not need it. */
  env: NodeJS.ProcessEnv;
  /** Ours if absent. */
  cwd?: string;
  /** What it reads; nothing if absent. */
  input?: string;
  /** Instead it is talked to by `Child.stdin`, whose end tells it that we are gone. */
  isTalkedTo?: boolean;
  /**
   * Appended to a file that only we may read; an open descriptor of ours for each output; or pipes that are read here.
   * `answers` leaves the errors to the person who sees ours, and so do two sockets of ours, which become standard input
   * and output: whoever is at their other ends talks to it.
   */
  output:
    | { file: string }
    | { descriptors: readonly [number, number] }
    | { sockets: readonly [input: Socket, output: Socket] }
    | 'pipes'
    | 'answers'
    | 'none';
  /** `own`: it leads a session and a process group, so a Ctrl-C in our terminal reaches us alone. */
  session: 'own' | 'ours';
  /**
   * Null: nothing ends it with us. Else the kernel does, whichever way we die, with what this machine offers for that.
   */
  tie: ContainmentMeans | null;
  /**
   * With a PID namespace: the processes that are left when it ends are written to `Child.report` (see left-behind.ts).
   */
  report?: boolean;
  /** It runs as this Linux user; takes root and a tie by setpriv alone. */
  as?: OwnUser;
  /**
   * Directories that it may go into, by descriptors from `openedFd` on, whatever its user may: `/proc/self/fd/<number>`
   * leads there. Not beside a report or messages.
   */
  opened?: readonly string[];
  /** It can send us messages, as a Node program does by `process.send`. */
  messages?: boolean;
}

/** A program that runs beside us, or did. */
export interface Child {
  pid: number;
  contained: Contained;
  /** Resolves when the process is gone; what it printed may still be in the pipes. */
  exited: Promise<Exit>;
  /** The same, once its outputs have ended too. */
  closed: Promise<Exit>;
  /** Null where its input is empty. */
  stdin: Writable | null;
  /** Null where they go elsewhere. */
  stdout: Readable | null;
  stderr: Readable | null;
  report: Readable | null;
  /** Its first message. Never settles where it sends none. */
  message: Promise<unknown>;
  /** SIGKILL to the process alone, unless it is gone: another one may have its number by then. */
  kill(): void;
  /** From here on we may end without it, and it goes on. */
  letGo(): void;
}

/** The first descriptor of what is opened for a program. */
export const openedFd = 3;

const { O_DIRECTORY, O_RDONLY } = constants;

const noTie: ContainmentMeans = { setpriv: false, pidNamespace: false };

/**
 * Starts a program; resolves once it runs. Rejects with the system's error when it can't be started. By Node's own
 * `spawn`: execa offers neither a descriptor more than the three nor an exit that is told before the outputs have
 * ended, and would have to be loaded before the first process of a start.
 */
export const startChild = async (spec: ChildSpec): Promise<Child> => {
  const { tie, report = false, as } = spec;
  const contained = contain(spec.command, tie ?? noTie, { report, as });
  const { outputs, close } = outputsOf(spec.output);
  const opened = (spec.opened ?? []).map((path) => openSync(path, O_RDONLY | O_DIRECTORY));
  const child = spawn(contained.file, contained.args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: spec.session === 'own',
    stdio: [inputOf(spec), ...outputs, ...more(spec, contained), ...opened],
  });
  close();
  for (const descriptor of opened) closeSync(descriptor);
  child.stdin?.on('error', () => undefined); // It need not read what it is given.
  if (!spec.isTalkedTo) child.stdin?.end(spec.input);
  const exited = endOf(child, 'exit');
  const closed = endOf(child, 'close');
  const message = new Promise((resolve) => child.once('message', resolve));
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error(`${spec.command[0]} was started without a pid`);
  const reported = child.stdio[leftFd];
  return {
    pid: child.pid,
    contained,
    exited,
    closed,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    report: reported && 'read' in reported ? reported : null,
    message,
    kill: () => void child.kill('SIGKILL'),
    letGo: () => {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
};

type Stdio = number | Socket | 'pipe' | 'inherit' | 'ignore' | 'ipc';

const inputOf = ({ output, isTalkedTo, input }: ChildSpec): Stdio => {
  if (typeof output === 'object' && 'sockets' in output) return output.sockets[0];
  return isTalkedTo || input !== undefined ? 'pipe' : 'ignore';
};

const outputsOf = (output: ChildSpec['output']): { outputs: Stdio[]; close: () => void } => {
  if (output === 'pipes') return { outputs: ['pipe', 'pipe'], close: () => undefined };
  if (output === 'answers') return { outputs: ['pipe', 'inherit'], close: () => undefined };
  if (output === 'none') return { outputs: ['ignore', 'ignore'], close: () => undefined };
  if ('descriptors' in output) return { outputs: [...output.descriptors], close: () => undefined };
  if ('sockets' in output) return { outputs: [output.sockets[1], 'inherit'], close: () => undefined };
  const file = openSync(output.file, 'a', 0o600);
  return { outputs: [file, file], close: () => closeSync(file) };
};

/** Descriptor 3 is the report's where there is one, else the messages'; nobody wants both. */
const more = ({ report, messages }: ChildSpec, contained: Contained): Stdio[] => {
  if (messages) return ['ipc'];
  return report ? [contained.namespace ? 'pipe' : 'ignore'] : [];
};

const endOf = (child: ChildProcess, event: 'exit' | 'close'): Promise<Exit> =>
  new Promise((resolve) => child.once(event, (code, signal) => resolve({ code, signal })));

/**
 * Sends a signal to a process, or with a negative number to a process group. One that is gone is what a signal that
 * ends wants.
 */
export const signalProcess = (target: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(target, signal);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!gone) throw error;
  }
};

/** In words for people and the log. */
export const describeExit = ({ code, signal }: Exit): string =>
  signal ? `ended by ${signal}` : `ended with code ${code ?? 'unknown'}`;

/** A program that we wait for. */
export interface RunSpec {
  command: readonly [string, ...string[]];
  /** The whole environment, or ours: for programs of this machine that a person would run the same way. */
  env: NodeJS.ProcessEnv;
  /** Ours if absent. */
  cwd?: string;
  /** What it reads; nothing if absent. */
  input?: string;
  /** `kept`: both outputs come back. `ours`: the person who sees ours sees them. */
  output: 'kept' | 'ours';
  /** It is ended when it takes longer; absent, it may take as long as it takes. */
  withinMs?: number;
  /** Of `kept` outputs, each; a program that says more is ended. A million characters if absent. */
  maxChars?: number;
}

/** Nothing that is only asked for its version has this much to say. */
const usualMaxChars = 1_000_000;

export interface Ran {
  /** Undefined when it could not be started or did not end by itself. */
  code: number | undefined;
  /** What ended it, when that was not its own doing and not ours. */
  signal: NodeJS.Signals | undefined;
  /** Of `kept` outputs. */
  stdout: string;
  stderr: string;
  /** Why it did not end by itself, was late or said too much, in words. */
  failure: string | undefined;
}

/**
 * Runs a program to its end, which comes with ours at the latest. Never rejects: that it can't be started is an outcome
 * too.
 */
export const runProgram = async ({ command: [file, ...args], input, output, ...spec }: RunSpec): Promise<Ran> => {
  const { execa } = await import('execa'); // Only by who needs it: loading it takes 75 ms.
  const shown = output === 'ours' ? 'inherit' : 'pipe';
  const ran = await execa(file, args, {
    cwd: spec.cwd,
    env: spec.env,
    extendEnv: false,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    stdout: shown,
    stderr: shown,
    stripFinalNewline: false,
    timeout: spec.withinMs,
    maxBuffer: spec.maxChars ?? usualMaxChars,
    reject: false,
  });
  const endedByUs = ran.timedOut || ran.isMaxBuffer;
  return {
    code: endedByUs ? undefined : ran.exitCode,
    signal: endedByUs ? undefined : ran.signal,
    stdout: ran.stdout ?? '',
    stderr: ran.stderr ?? '',
    failure: ran.originalMessage ?? ran.shortMessage,
  };
};
