/**
 * Keeps a socket honest: sends `ping` every `pingMs` and reports when nothing at all came for `silenceMs` (protocol §8).
 * It proves a socket, not a turn.
 */
export class Heartbeat {
  readonly #ping: NodeJS.Timeout;
  readonly #silence: NodeJS.Timeout;

  constructor(times: { pingMs: number; silenceMs: number }, ping: () => void, silent: () => void) {
    if (times.pingMs >= times.silenceMs) {
      throw new RangeError(
        `pingMs ${times.pingMs} must be below silenceMs ${times.silenceMs}: a quiet link would be cut`,
      );
    }
    this.#ping = setInterval(ping, times.pingMs);
    this.#silence = setTimeout(silent, times.silenceMs);
  }

  /** Any message is a sign of life. */
  heard(): void {
    this.#silence.refresh();
  }

  stop(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#silence);
  }
}
