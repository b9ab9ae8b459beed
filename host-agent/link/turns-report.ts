/**
 * The evidence for "running": the complete list of live turns, sent when it changes and every `turnsMs` while one runs
 * (protocol §2 `turns`).
 */
export class TurnsReport {
  readonly #send: () => number;
  readonly #turnsMs: number;
  #timer: NodeJS.Timeout | null = null;
  #scheduled = false;
  #stopped = false;

  /** `send` sends the list and returns how many turns are in it; `live` is how many `hello` named. */
  constructor(turnsMs: number, live: number, send: () => number) {
    this.#turnsMs = turnsMs;
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
    if (this.#timer) clearTimeout(this.#timer);
  }

  #report(): void {
    if (!this.#stopped) this.#rearm(this.#send());
  }

  #rearm(live: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = live > 0 ? setTimeout(() => this.#report(), this.#turnsMs) : null;
  }
}
