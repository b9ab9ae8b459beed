import type { Clock } from '../../../shared/clock.ts';

/** Lets one waiter sleep until something happens. A ring while nobody waits is kept for the next wait. */
export class Wakeup {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, one that is kept, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#clock.after(ms, resolve);
      await promise;
      cancel();
      this.#wake = null;
    }
    this.#rung = false;
  }

  /** Resolves after `ms`, however often it rings, or earlier when `isOver` says so at a ring. */
  async rest(ms: number, isOver: () => boolean): Promise<void> {
    const until = this.#clock.steadyMs() + ms;
    for (let left = ms; left > 0 && !isOver(); left = until - this.#clock.steadyMs()) await this.wait(left);
  }
}
