/**
 * Time as a part: whoever waits or looks at the time is given a clock, and the composition roots give the real one. So
 * a test moves time by hand (`test/support/hand-clock.ts`) instead of waiting for it.
 */

/** Takes back what was to come. Does nothing once it has come, or was taken back. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock milliseconds since 1970. For display and records only: it may jump (protocol §9). */
  now(): number;
  /** Milliseconds that only grow, from any start: for measuring how long something lasts. */
  steadyMs(): number;
  /** Calls `then` once, after `ms`. */
  after(ms: number, then: () => void, options?: TimerOptions): Cancel;
  /** Calls `then` each time another `ms` have passed. */
  every(ms: number, then: () => void, options?: TimerOptions): Cancel;
}

export interface TimerOptions {
  /** False: a Node program that has nothing else to wait for ends without waiting for this. True if absent. */
  keepsAlive?: boolean;
}

/** The clock of this machine, in Node as in workerd. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (ms, then, options) => {
    const timer = setTimeout(then, ms);
    release(timer, options);
    return () => clearTimeout(timer);
  },
  every: (ms, then, options) => {
    const timer = setInterval(then, ms);
    release(timer, options);
    return () => clearInterval(timer);
  },
};

/** In workerd a timer is a number, and what is still awaited ends with its request or object. */
const release = (timer: NodeJS.Timeout | number, { keepsAlive = true }: TimerOptions = {}): void => {
  if (!keepsAlive && typeof timer === 'object') timer.unref();
};

/** Resolves after `ms`. Rejects with the signal's reason as soon as it is aborted. */
export const wait = (clock: Clock, ms: number, signal?: AbortSignal, options?: TimerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(
      ms,
      () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      },
      options,
    );
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });

/** Waits `ms`, or until `signal` aborts: the pause of a loop that looks at `signal` itself. Keeps no program alive. */
export const rest = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  wait(clock, ms, signal, { keepsAlive: false }).catch(() => undefined); // Only an abort rejects.

/**
 * What `asked` comes to, or what `late` says when that takes longer than `ms`. What was asked goes on all the same, and
 * how it ends then is nobody's business.
 */
export const within = async <T, Late>(clock: Clock, ms: number, asked: Promise<T>, late: () => Late) => {
  const over = Promise.withResolvers<void>();
  const cancel = clock.after(ms, over.resolve);
  try {
    return await Promise.race([asked, over.promise.then(late)]);
  } finally {
    cancel();
  }
};
