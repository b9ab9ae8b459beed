import { doubled } from '../../shared/backoff.ts';
import type { Cancel, Clock } from '../../shared/clock.ts';
import { logError } from '../log.ts';
import { dial, type Upstream, ViewerRefused, type ViewerWish } from './object-socket.ts';
import type { Frame } from './viewer-frame.ts';

/** An object comes back from a deploy or a move within a moment; longer waits spare one that does not. */
export const redialMinMs = 200;
const redialMaxMs = 5_000;
/** About five minutes of trying. A fresh request of the client has fresh limits of the platform, so it is sent away then. */
const maxFailures = 60;

/** What the stream does with a server's frames and troubles. */
export interface LinkEnds {
  onFrame: (frame: Frame) => void;
  /** The socket is gone, and dialling again has begun. */
  onAway: () => void;
  /**
   * The server is given up: this rendering does not dial again, it was tried too often, or the object refused the user.
   */
  onEnd: () => void;
}

/** Which object is dialled, and the clock for the waits between. */
export interface LinkOrigin {
  object: Pick<Fetcher, 'fetch'>;
  clock: Clock;
}

/** A stream's tie to one server: a socket, dialled again by cursor for as long as the rendering wants it. */
export class ServerLink {
  readonly #from: LinkOrigin;
  readonly #wish: () => ViewerWish;
  readonly #redials: boolean;
  readonly #ends: LinkEnds;
  #upstream: Upstream | null = null;
  #stopWaiting: Cancel | null = null;
  #failures = 0;
  #isInReplay = false;
  #isClosed = false;

  constructor(from: LinkOrigin, wish: () => ViewerWish, redials: boolean, ends: LinkEnds) {
    this.#from = from;
    this.#wish = wish;
    this.#redials = redials;
    this.#ends = ends;
  }

  /** Dials. Never rejects: trouble goes to `onAway` or `onEnd`. */
  async open(): Promise<void> {
    const onFrame = (frame: Frame) => {
      if (this.#isClosed) return;
      this.#isInReplay = frame.header ? frame.header.mode === 'replay' : this.#isInReplay;
      this.#ends.onFrame(frame);
      this.#failures = 0;
    };
    try {
      const upstream = await dial(this.#from.object, this.#wish(), onFrame, (cause) => this.#lost(cause));
      if (this.#isClosed) upstream.close();
      else this.#upstream = upstream;
    } catch (cause) {
      this.#lost(cause);
    }
  }

  /** The viewer has room: a server in replay is asked for its next page. */
  askMore(): void {
    if (!this.#isInReplay || !this.#upstream) return;
    this.#isInReplay = false;
    this.#upstream.more();
  }

  beat(): void {
    if (!this.#upstream || this.#upstream.beat()) return;
    this.#upstream.close();
    this.#lost(new Error('no pong within two heartbeats'));
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#upstream?.close();
  }

  #lost(cause: unknown): void {
    if (this.#isClosed) return;
    this.#upstream = null;
    this.#isInReplay = false;
    this.#failures += 1;
    logError('stream.upstream.lost', cause, { failures: this.#failures });
    if (!this.#redials || this.#failures > maxFailures || cause instanceof ViewerRefused) {
      this.#ends.onEnd();
      return;
    }
    this.#ends.onAway();
    const waitMs = doubled(redialMinMs, redialMaxMs, this.#failures - 1);
    this.#stopWaiting = this.#from.clock.after(waitMs, () => void this.open());
  }
}
