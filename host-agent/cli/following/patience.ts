/** Asking an edge again that is away for a while: how often, and how long. */

import { doubled, spread } from '../../../shared/backoff.ts';
import { type Clock, wait } from '../../../shared/clock.ts';
import { heartbeatMs } from '../../../shared/limits.ts';
import { NoAnswer } from '../edge-api.ts';
import { isEdgeAway } from '../exit-codes.ts';

/** Waiting times, which tests shorten. Milliseconds. */
export interface Times {
  /** First pause after a lost connection; each further one is twice as long, up to the longest. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** An edge that was away for so long is given up: a script should hear of it, and a person can come back. */
  giveUpMs: number;
  /** The edge says something every heartbeat; a connection that misses three is dead, whatever the network believes. */
  silenceMs: number;
}

export const ordinaryTimes: Times = {
  firstPauseMs: 250,
  longestPauseMs: 10_000,
  giveUpMs: 10 * 60_000,
  silenceMs: 3 * heartbeatMs,
};

/** One person's dealings with one edge: what was learned about it is used by every request. */
export interface Patience {
  times: Times;
  clock: Clock;
  signal: AbortSignal;
  /** Called when the edge goes away, and when it is back. */
  tell: (state: 'away' | 'back') => void;
}

/** Counts the failures in a row, and waits after each. */
export const newPause = ({ times, clock, signal, tell }: Patience) => {
  let failures = 0;
  let sinceMs = 0;
  return {
    /** The edge answered. */
    reset: (): void => {
      if (failures > 0) tell('back');
      failures = 0;
    },
    /**
     * Waits before the next attempt; throws `error` when it is no reason to ask again, or the edge was away too long.
     */
    after: async (error: unknown): Promise<void> => {
      if (!(error instanceof NoAnswer) || !mayPass(error)) throw error;
      const nowMs = clock.steadyMs();
      if (failures === 0) {
        sinceMs = nowMs;
        tell('away');
      }
      if (nowMs - sinceMs >= times.giveUpMs) throw error;
      const pauseMs = spread(doubled(times.firstPauseMs, times.longestPauseMs, failures));
      failures += 1;
      await wait(clock, pauseMs, signal);
    },
  };
};

/** Away, or answering that it can't now, as it does while it starts. */
const mayPass = (error: NoAnswer): boolean => isEdgeAway(error) || error.status === 500 || error.status === 503;

/**
 * Makes a request that is the same however often it is made, again and again until there is an answer. `isFirst`:
 * nothing has been heard of this edge, so an answer that does not come is said at once; only a connection that was cut
 * is made again.
 */
export const patiently = async <T>(
  patience: Patience,
  request: () => Promise<T>,
  { isFirst = false }: { isFirst?: boolean } = {},
): Promise<T> => {
  const pause = newPause(patience);
  for (;;) {
    try {
      const answer = await request();
      pause.reset();
      return answer;
    } catch (error) {
      patience.signal.throwIfAborted();
      if (isFirst && error instanceof NoAnswer && !error.wasCut) throw error;
      await pause.after(error);
    }
  }
};
