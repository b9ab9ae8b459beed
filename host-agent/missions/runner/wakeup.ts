import type { Clock } from '../../../shared/clock.ts';

/** Lets one waiter sleep until something happens. A wake while nobody waits ends the next wait at once. */
export class Wakeup {
  readonly #clock: Clock;
  #isAwake = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  /** Resolves at the next `wake`, at once if one came since the last wait, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#isAwake) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const cancel = this.#clock.after(ms, resolve);
      await promise;
      cancel();
      this.#wake = null;
    }
    this.#isAwake = false;
  }

  /** Resolves after `ms`, however often `wake` is called, or at a call after which `isOver` is true. */
  async rest(ms: number, isOver: () => boolean): Promise<void> {
    const until = this.#clock.steadyMs() + ms;
    for (let left = ms; left > 0 && !isOver(); left = until - this.#clock.steadyMs()) await this.wait(left);
  }
}
