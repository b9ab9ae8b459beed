import type { Cancel, Clock } from '../../shared/clock.ts';

/**
 * The evidence for "running": the complete list of live turns, sent when it changes and every `turnsMs` while one runs
 * (protocol §2 `turns`).
 */
export class TurnsReport {
  readonly #send: () => number;
  readonly #turnsMs: number;
  readonly #clock: Clock;
  #stopWaiting: Cancel = () => undefined;
  #scheduled = false;
  #stopped = false;

  /** `send` sends the list and returns how many turns are in it; `live` is how many `hello` named. */
  constructor(turnsMs: number, clock: Clock, live: number, send: () => number) {
    this.#turnsMs = turnsMs;
    this.#clock = clock;
    this.#send = send;
    this.#rearm(live);
  }

  /** Several changes in one tick are one report. */
  changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#report();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWaiting();
  }

  #report(): void {
    if (!this.#stopped) this.#rearm(this.#send());
  }

  #rearm(live: number): void {
    this.#stopWaiting();
    if (live > 0) this.#stopWaiting = this.#clock.after(this.#turnsMs, () => this.#report());
  }
}
