import { doubled } from '../../shared/backoff.ts';
import type { Cancel, Clock } from '../../shared/clock.ts';
import { logError } from '../log.ts';
import { type ObjectSocket, SocketRefused } from '../object-socket.ts';
import { dial, type ViewerOptions } from './object-socket.ts';
import type { ViewerFrame } from './viewer-frame.ts';

/** An object comes back from a deploy or a move within a moment; longer waits spare one that does not. */
export const redialMinMs = 200;
const redialMaxMs = 5_000;
/**
 * About five minutes of trying. A fresh request of the client has fresh limits of the platform, so it is sent away
 * then.
 */
const maxFailures = 60;

/** What the stream does with a server's frames and troubles. */
export interface ConnectionEnds {
  onFrame: (frame: ViewerFrame) => void;
  /** The socket is gone, and dialling again has begun. */
  onAway: () => void;
  /**
   * The server is given up: this rendering does not dial again, it was tried too often, or the object refused the user.
   */
  onEnd: () => void;
}

/** Which object is dialled, and the clock for the waits between. */
export interface ConnectionOrigin {
  object: Pick<Fetcher, 'fetch'>;
  clock: Clock;
}

/** A stream's tie to one server: a socket, dialled again by cursor for as long as the rendering wants it. */
export class ViewerConnection {
  readonly #from: ConnectionOrigin;
  readonly #options: () => ViewerOptions;
  readonly #redials: boolean;
  readonly #ends: ConnectionEnds;
  #socket: ObjectSocket | null = null;
  #stopWaiting: Cancel | null = null;
  #failures = 0;
  #isInReplay = false;
  #isClosed = false;

  constructor(from: ConnectionOrigin, options: () => ViewerOptions, redials: boolean, ends: ConnectionEnds) {
    this.#from = from;
    this.#options = options;
    this.#redials = redials;
    this.#ends = ends;
  }

  /** Dials. Never rejects: trouble goes to `onAway` or `onEnd`. */
  async open(): Promise<void> {
    const onFrame = (frame: ViewerFrame) => {
      if (this.#isClosed) return;
      this.#isInReplay = frame.header ? frame.header.mode === 'replay' : this.#isInReplay;
      this.#ends.onFrame(frame);
      this.#failures = 0;
    };
    try {
      const socket = await dial(this.#from.object, this.#options(), onFrame, (cause) => this.#lost(cause));
      if (this.#isClosed) socket.close();
      else this.#socket = socket;
    } catch (cause) {
      this.#lost(cause);
    }
  }

  /** The viewer has room: a server in replay is asked for its next page. */
  askMore(): void {
    if (!this.#isInReplay || !this.#socket) return;
    this.#isInReplay = false;
    this.#socket.send('more');
  }

  beat(): void {
    if (!this.#socket || this.#socket.beat()) return;
    this.#socket.close();
    this.#lost(new Error('no pong within two heartbeats'));
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaiting?.();
    this.#socket?.close();
  }

  #lost(cause: unknown): void {
    if (this.#isClosed) return;
    this.#socket = null;
    this.#isInReplay = false;
    this.#failures += 1;
    logError('stream.upstream.lost', cause, { failures: this.#failures });
    if (!this.#redials || this.#failures > maxFailures || cause instanceof SocketRefused) {
      this.#ends.onEnd();
      return;
    }
    this.#ends.onAway();
    const waitMs = doubled(redialMinMs, redialMaxMs, this.#failures - 1);
    this.#stopWaiting = this.#from.clock.after(waitMs, () => void this.open());
  }
}
