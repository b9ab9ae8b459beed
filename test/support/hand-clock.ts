// A clock that only the test moves. Works in Node and in workerd.
import type { Cancel, Clock } from '../../shared/clock.ts';

export interface HandClock extends Clock {
  /**
   * Lets this much time pass: runs what becomes due in the order of time, each while the clock shows its own moment,
   * also what that sets in turn. Returns without a pause, so what promises bring about comes after it.
   */
  advance(ms: number): void;
  /** The wall clock alone jumps, forwards or back: nothing becomes due by it. */
  jump(ms: number): void;
  /**
   * Resolves when somebody waits for exactly this long, now or later: after it `advance(ms)` reaches what is waited
   * for.
   */
  awaited(ms: number): Promise<void>;
  /** For how long each waits who waits now, in the order in which they are due. */
  waits(): number[];
}

interface Timer {
  dueMs: number;
  ms: number;
  isRepeated: boolean;
  then: () => void;
}

/** 2026-01-01; any time would do, but not one at which this is ever run. */
const startMs = Date.UTC(2026, 0, 1);

/** A clock that stands still at `nowMs` until it is moved. */
export const handClock = (nowMs = startMs): HandClock => {
  let [wallMs, steadyMs] = [nowMs, 0];
  const timers = new Set<Timer>();
  const askers = new Set<{ ms: number; resolve: () => void }>();

  const set = (ms: number, then: () => void, isRepeated: boolean): Cancel => {
    // A repetition without a pause would never let `advance` come to its end; Node and workerd take 1 ms as well.
    const timer = { dueMs: steadyMs + ms, ms: isRepeated ? Math.max(1, ms) : ms, isRepeated, then };
    timers.add(timer);
    for (const asker of askers) {
      if (asker.ms !== ms) continue;
      askers.delete(asker);
      asker.resolve();
    }
    return () => timers.delete(timer);
  };
  const inOrder = (): Timer[] => [...timers].sort((a, b) => a.dueMs - b.dueMs);
  const moveTo = (ms: number): void => {
    wallMs += ms - steadyMs;
    steadyMs = ms;
  };

  return {
    now: () => wallMs,
    steadyMs: () => steadyMs,
    after: (ms, then) => set(ms, then, false),
    every: (ms, then) => set(ms, then, true),
    advance: (ms) => {
      const untilMs = steadyMs + ms;
      for (;;) {
        const next = inOrder()[0];
        if (!next || next.dueMs > untilMs) break;
        moveTo(next.dueMs);
        if (next.isRepeated) next.dueMs += next.ms;
        else timers.delete(next);
        next.then();
      }
      moveTo(untilMs);
    },
    jump: (ms) => {
      wallMs += ms;
    },
    awaited: (ms) =>
      new Promise((resolve) => {
        if ([...timers].some((timer) => timer.ms === ms)) resolve();
        else askers.add({ ms, resolve });
      }),
    waits: () => inOrder().map(({ ms }) => ms),
  };
};
