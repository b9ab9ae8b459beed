/** An actor as the hands see it: a process of ours that runs tools, and whose every word is checked. */
import type { Writable } from 'node:stream';
import { type Clock, wait } from '../../../shared/clock.ts';
import { assertNever } from '../../../shared/errors.ts';
import { describeExit, signalProcess, startChild } from '../../process/child.ts';
import type { Log } from '../../process/log.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';
import { maxLineBytes, parseFromActor, type ToActor, type Work } from './frames.ts';
import { eachLine } from './lines.ts';

export interface ActorSpec {
  /** Its command line. */
  command: readonly string[];
  /** The whole environment, its own and that of what agents run. */
  env: NodeJS.ProcessEnv;
  means: ContainmentMeans;
  clock: Clock;
  log: Log;
}

export interface Actor {
  /** The process to watch: with a namespace the one that holds it. */
  pid: number;
  /**
   * Runs a call; resolves with how it ended, unchecked. Rejects with `ActorEnded` when the actor ends before. `live`
   * gets its output as it comes. What `signal` aborts is told to stop, and still ends with an outcome.
   */
  call(work: Work, live: (text: string) => void, signal: AbortSignal): Promise<unknown>;
  /** The mission of this directory is over. */
  forget(directory: string): void;
  /** Whether nothing runs in the background. Resolves with true as well when it has ended. */
  mayEnd(): Promise<boolean>;
  /** Ends it with all that it started; resolves when it is gone. */
  end(): Promise<void>;
  /** Resolves when it is gone. */
  ended: Promise<void>;
}

/** An actor that ended in the middle of a call. The message says how. */
export class ActorEnded extends Error {}

/** What it has said may still be in the pipe when it ends. */
const lastWordsMs = 1_000;
/** It ends what it started, in order, and then itself; what takes longer is killed. */
const endMs = 5_000;

interface OpenCall {
  live: (text: string) => void;
  settle: (outcome: unknown) => void;
  fail: (reason: Error) => void;
}

/** Starts an actor. Rejects with the system's error when it can't be started. */
export const startActor = async ({ command, env, means, clock, log }: ActorSpec): Promise<Actor> => {
  const child = await startChild({ command, env, isTalkedTo: true, output: 'answers', session: 'own', tie: means });
  const { pid, stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('an actor was started without pipes');
  const open = new Map<number, OpenCall>();
  let last = 0;
  let asked: ((mayEnd: boolean) => void) | undefined;
  /** Why it was killed. */
  let reason: string | undefined;
  /** How it ended. */
  let gone: string | undefined;

  const kill = (): void => {
    child.kill();
    signalProcess(-pid, 'SIGKILL'); // Without a namespace: its process group.
  };
  const spoilt = (what: string): void => {
    reason ??= what;
    log.error('actor.spoilt', { pid, reason: what });
    kill();
  };

  eachLine(stdout, maxLineBytes, {
    onTooLong: () => spoilt('it said more at once than any tool may'),
    onLine: (line) => {
      const frame = parseFromActor(line);
      if (!frame) return spoilt('it said something that is not of our protocol');
      switch (frame.type) {
        // A call that nobody has made, or that has ended, is nobody's.
        case 'live':
          return open.get(frame.id)?.live(frame.text);
        case 'outcome':
          open.get(frame.id)?.settle(frame.outcome);
          open.delete(frame.id);
          return;
        case 'rest':
          asked?.(frame.mayEnd);
          asked = undefined;
          return;
        default:
          return assertNever(frame);
      }
    },
  });

  const ended = child.exited.then(async (exit) => {
    signalProcess(-pid, 'SIGKILL'); // What is left of its process group.
    await Promise.race([child.closed, wait(clock, lastWordsMs)]);
    gone = reason === undefined ? describeExit(exit) : `ended because ${reason}`;
    log.info('actor.ended', { pid, reason: gone });
    for (const { fail } of open.values()) fail(new ActorEnded(gone));
    open.clear();
    asked?.(true);
  });
  log.info('actor.started', { pid });

  return {
    pid,
    call: (work, live, signal) =>
      new Promise((settle, fail) => {
        if (gone !== undefined) return fail(new ActorEnded(gone));
        if (signal.aborted) return settle({ kind: 'failed', text: 'The call was cancelled before it began.' });
        const id = ++last;
        const cancel = (): void => say(stdin, { type: 'cancel', id });
        const over = (): void => signal.removeEventListener('abort', cancel);
        open.set(id, {
          live,
          settle: (outcome) => {
            over();
            settle(outcome);
          },
          fail: (error) => {
            over();
            fail(error);
          },
        });
        say(stdin, { type: 'call', id, work });
        signal.addEventListener('abort', cancel, { once: true });
      }),
    forget: (directory) => say(stdin, { type: 'forget', directory }),
    mayEnd: () =>
      new Promise((resolve) => {
        if (gone !== undefined) return resolve(true);
        asked = resolve;
        say(stdin, { type: 'rest' });
      }),
    end: async () => {
      stdin.end();
      const late = clock.after(endMs, kill);
      await ended;
      late();
    },
    ended,
  };
};

/** To one that is gone nothing can be said, and its end tells who waits. */
const say = (stdin: Writable, frame: ToActor): void => {
  if (stdin.writable) stdin.write(`${JSON.stringify(frame)}\n`);
};
