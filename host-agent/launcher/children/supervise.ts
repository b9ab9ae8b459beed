import { doubled } from '../../../shared/backoff.ts';
import { type Clock, wait } from '../../../shared/clock.ts';
import { describeExit } from '../../process/child.ts';
import type { Log } from '../../process/log.ts';
import type { Running } from './children.ts';

/**
 * One child of the launcher. `start` resolves when the child is of use, and leaves no process behind when it rejects.
 */
export interface Role {
  name: string;
  start(signal: AbortSignal): Promise<Running>;
}

export interface Told {
  /** The child died or could not start; it is started again after `retryMs`. */
  onDown(reason: string, retryMs: number): void;
  /** A child that was down runs again. */
  onUp(): void;
}

export interface Supervision {
  /** The outcome of the first start: undefined when the child runs, else why it does not (it is tried again). */
  firstStart: Promise<Error | undefined>;
  /** Ends the running child so that a new one starts at once. */
  restart(): void;
  /** Stops the child for good; resolves when its process is gone. */
  stop(): Promise<void>;
}

/** Starts a child and keeps it running; `title` names it in sentences. */
export type StartChild = (role: Role, title: string) => Supervision;

/** The first retry is at once for a person's eyes; a child that keeps dying is tried every half minute. */
const retryMinMs = 200;
const retryMaxMs = 30_000;
/** A child that lived this long was healthy: its next death starts the back-off anew. */
const healthyMs = 20_000;

/** A signal to a whole group reaches its processes within this, also on a busy machine. */
export const signalledMs = 200;

/**
 * Keeps one child running until stopped: starts it again when it dies or could not start. Each start and end is logged.
 */
export const supervise = (role: Role, { clock, log }: { clock: Clock; log: Log }, told: Told): Supervision => {
  const stopping = new AbortController();
  const first = Promise.withResolvers<Error | undefined>();
  let current: Running | undefined;
  let restarting = false;
  let failures = 0;

  /** One life of the child; resolves with why it ended. */
  const once = async (): Promise<string> => {
    try {
      current = await role.start(stopping.signal);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      first.resolve(failure);
      log.error('child.not-started', { role: role.name, reason: failure });
      return failure.message;
    }
    log.info('child.started', { role: role.name, pid: current.pid });
    first.resolve(undefined);
    if (failures > 0) told.onUp();
    if (stopping.signal.aborted) await current.stop();
    const exit = await current.exited;
    // What ended it may have been sent to everybody, and be our own end too: the next moment tells.
    await wait(clock, signalledMs, stopping.signal).catch(() => undefined);
    log.info('child.ended', { role: role.name, pid: current.pid, reason: describeExit(exit), wanted: wanted() });
    current = undefined;
    return describeExit(exit);
  };

  const wanted = () => stopping.signal.aborted || restarting;

  const live = async () => {
    while (!stopping.signal.aborted) {
      const startedAt = clock.steadyMs();
      const reason = await once();
      if (wanted()) {
        restarting = false;
        continue;
      }
      failures = clock.steadyMs() - startedAt > healthyMs ? 1 : failures + 1;
      const retryMs = doubled(retryMinMs, retryMaxMs, failures - 1);
      told.onDown(reason, retryMs);
      await wait(clock, retryMs, stopping.signal).catch(() => undefined); // Stopping cuts it short.
    }
  };

  const ended = live();
  return {
    firstStart: first.promise,
    restart: () => {
      restarting = current !== undefined;
      void current?.stop();
    },
    stop: async () => {
      stopping.abort();
      await current?.stop();
      await ended;
    },
  };
};
