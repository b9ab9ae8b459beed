import type { Cancel, Clock } from '../../shared/clock.ts';

/**
 * Keeps a socket honest: sends `ping` every `pingMs` and reports when nothing at all came for `silenceMs`
 * (protocol §8). It proves a socket, not a turn.
 */
export class Heartbeat {
  readonly #stopPinging: Cancel;
  readonly #awaitSilence: () => Cancel;
  #stopListening: Cancel;

  constructor(
    times: { pingMs: number; silenceMs: number },
    clock: Clock,
    { ping, silent }: { ping: () => void; silent: () => void },
  ) {
    if (times.pingMs >= times.silenceMs) {
      throw new RangeError(
        `pingMs ${times.pingMs} must be below silenceMs ${times.silenceMs}: a quiet link would be cut`,
      );
    }
    this.#stopPinging = clock.every(times.pingMs, ping);
    this.#awaitSilence = () => clock.after(times.silenceMs, silent);
    this.#stopListening = this.#awaitSilence();
  }

  /** Any message is a sign of life. */
  heard(): void {
    this.#stopListening();
    this.#stopListening = this.#awaitSilence();
  }

  stop(): void {
    this.#stopPinging();
    this.#stopListening();
  }
}
