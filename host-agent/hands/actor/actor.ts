/** An actor as the hands see it: a process of ours that runs tools, and whose every word is checked. */
import type { Readable, Writable } from 'node:stream';
import { type Clock, wait } from '../../../shared/clock.ts';
import { assertNever } from '../../../shared/errors.ts';
import { type AnsweringTimes, stopsAnswering } from '../../process/answering.ts';
import type { Log } from '../../process/log.ts';
import { createAskedActs, type FilesAct } from './asking-for-files.ts';
import { maxLineBytes, parseFromActor, type Work } from './frames.ts';
import { eachLine } from './lines.ts';
import { sayTo } from './saying.ts';

/** The process of an actor, wherever it runs. */
export interface ActorProcess {
  /** With a namespace the process that holds it. */
  pid: number;
  /** What it is told; its end tells it to end. */
  input: Writable;
  /** What it says. */
  output: Readable;
  /** Resolves, in words, with how it ended, when it is gone with all that it started. */
  gone: Promise<string>;
  /** Resolves when all that it has said is here. */
  closed: Promise<unknown>;
  /** Ends it at once, with all that it started. */
  kill(): void;
}

export interface Actor {
  /** As ActorProcess has it. */
  pid: number;
  /**
   * Runs a call; resolves with how it ended, unchecked. Rejects with `ActorEnded` when the actor ends before. `live`
   * gets its output as it comes. What `signal` aborts is told to stop, and still ends with an outcome.
   */
  call(work: Work, live: (text: string) => void, signal: AbortSignal): Promise<unknown>;
  /**
   * Does something with files as the actor's user. What `signal` aborts, or whose `body` fails, ends soon, and with a
   * failure.
   */
  files(asked: unknown, body: AsyncIterable<Uint8Array>, signal: AbortSignal): FilesAct;
  /** The mission of this directory is over. */
  forget(directory: string): void;
  /** Whether nothing runs in the background. Resolves with true as well when it has ended. */
  mayEnd(): Promise<boolean>;
  /** Calls `listener` where a mission is over and only the actor's own end will end what is left of it. */
  onStrays(listener: () => void): void;
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

/** As with other processes of ours, a little less often: there is one for each user. */
const actorTimes: AnsweringTimes = { lookMs: 15_000, answerMs: 15_000, limitMs: 120_000, looks: 4 };

interface OpenCall {
  live: (text: string) => void;
  settle: (outcome: unknown) => void;
  fail: (reason: Error) => void;
}

/** Talks to an actor that was started. One that stops answering is ended, since calls would wait for it for ever. */
export const talkTo = (actor: ActorProcess, { clock, log }: { clock: Clock; log: Log }): Actor => {
  const { pid, input: stdin, output: stdout, kill } = actor;
  const { say, sayBytes } = sayTo(stdin);
  const open = new Map<number, OpenCall>();
  const acts = createAskedActs({ say, sayBytes });
  let last = 0;
  let asked: ((mayEnd: boolean) => void)[] = [];
  let pinged: (() => void)[] = [];
  let onStrays: (() => void) | undefined;
  /** Why it was killed. */
  let reason: string | undefined;
  /** How it ended. */
  let gone: string | undefined;

  const spoilt = (what: string): void => {
    reason ??= what;
    log.error('actor.spoilt', { pid, reason: what });
    kill();
  };

  eachLine(stdout, maxLineBytes, {
    onTooLong: () => spoilt('it said more at once than any tool may'),
    onBytes: (part) => {
      if (!acts.takeBytes(part)) spoilt('it sent more of a file than it was asked for');
    },
    onLine: (line, bytesFollow) => {
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
          for (const answer of asked) answer(frame.mayEnd);
          asked = [];
          return;
        case 'pong':
          for (const answer of pinged) answer();
          pinged = [];
          return;
        case 'strays':
          return onStrays?.();
        case 'bytes':
          bytesFollow(frame.count);
          return acts.take(frame);
        case 'reply':
        case 'grant':
        case 'over':
          return acts.take(frame);
        default:
          return assertNever(frame);
      }
    },
  });

  const ended = actor.gone.then(async (how) => {
    await Promise.race([actor.closed, wait(clock, lastWordsMs)]);
    gone = reason === undefined ? how : `ended because ${reason}`;
    log.info('actor.ended', { pid, reason: gone });
    for (const { fail } of open.values()) fail(new ActorEnded(gone));
    open.clear();
    acts.fail(new ActorEnded(gone));
    for (const answer of asked) answer(true);
  });
  log.info('actor.started', { pid });

  const answers = (limitMs: number): Promise<boolean> =>
    new Promise((resolve) => {
      const cancel = clock.after(limitMs, () => resolve(false), { keepsAlive: false });
      pinged.push(() => {
        cancel();
        resolve(true);
      });
      say({ type: 'ping' });
    });
  void stopsAnswering({ exited: ended, answers }, clock, actorTimes).then((isFrozen) => {
    if (isFrozen) spoilt('it had answered nothing for two minutes');
  });

  return {
    pid,
    call: (work, live, signal) =>
      new Promise((settle, fail) => {
        if (gone !== undefined) return fail(new ActorEnded(gone));
        if (signal.aborted) return settle({ kind: 'failed', text: 'The call was cancelled before it began.' });
        const id = ++last;
        const cancel = (): void => say({ type: 'cancel', id });
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
        say({ type: 'call', id, work });
        signal.addEventListener('abort', cancel, { once: true });
      }),
    files: (asked, body, signal) => {
      if (gone !== undefined) throw new ActorEnded(gone);
      return acts.ask(++last, asked, body, signal);
    },
    forget: (directory) => say({ type: 'forget', directory }),
    mayEnd: () =>
      new Promise((resolve) => {
        if (gone !== undefined) return resolve(true);
        asked.push(resolve);
        say({ type: 'rest' });
      }),
    onStrays: (listener) => {
      onStrays = listener;
    },
    end: async () => {
      stdin.end();
      const late = clock.after(endMs, kill);
      await ended;
      late();
    },
    ended,
  };
};
