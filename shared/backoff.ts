/** How long to wait before something that failed is tried again. Milliseconds. */

/** Twice as long after each failure, up to `maxMs`: `minMs` after the first, whose `failures` before it are 0. */
export const doubled = (minMs: number, maxMs: number, failures: number): number =>
  Math.min(maxMs, minMs * 2 ** failures);

/** Between half of it and the whole, so that what comes back is not met by everyone at once. */
export const spread = (waitMs: number): number => waitMs * (0.5 + Math.random() / 2);
