/**
 * At most one batch per `frameMs`: a leading edge goes at once, what follows is gathered (protocol §2 `batch`).
 * Pure bookkeeping; `now` is a steady clock in ms, so that a jump of the wall clock delays nothing.
 */
export class Pacing {
  readonly #frameMs: number;
  #lastSentAt = Number.NEGATIVE_INFINITY;

  constructor(frameMs: number) {
    this.#frameMs = Math.max(frameMs, leastFrameMs);
  }

  /** How long the next batch still has to wait; 0 means now. */
  waitMs(now: number): number {
    return Math.max(0, this.#lastSentAt + this.#frameMs - now);
  }

  sent(now: number): void {
    this.#lastSentAt = now;
  }
}

/** Even an edge that asks for no pacing must leave the event loop to others between two batches. */
const leastFrameMs = 1;
