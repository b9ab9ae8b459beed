import { doubled } from '../../shared/backoff.ts';
import type { Cancel, Clock } from '../../shared/clock.ts';
import { logError } from '../log.ts';
import { type ObjectSocket, SocketRefused } from '../object-socket.ts';
import { dial, type ViewerOptions } from './object-socket.ts';
import type { ViewerFrame } from './viewer-frame.ts';

/** An object comes back from a deploy or a move within a moment; longer waits spare one that does not. */
export const redialMinMs = 200;
/** A stream of days stays far below the platform's 10,000 subrequests, whatever its servers do (edge §2.4). */
const redialMaxMs = 30_000;

/** What the stream does with a server's frames and troubles. */
export interface ConnectionEnds {
  onFrame: (frame: ViewerFrame) => void;
  /** The socket is gone, and is dialled again; `failures` have followed one another. */
  onAway: (failures: number) => void;
  /** The object refused the user. */
  onEnd: () => void;
}

/** Which object is dialled, and the clock for the waits between. */
export interface ConnectionOrigin {
  /** Asked at every dial: what has met an exception of the object fails for good (Cloudflare: "Error handling"). */
  object: () => Pick<Fetcher, 'fetch'>;
  clock: Clock;
}

/** A stream's tie to one server: a socket, dialled again by cursor until it is closed here. */
export class ViewerConnection {
  readonly #from: ConnectionOrigin;
  readonly #options: () => ViewerOptions;
  readonly #ends: ConnectionEnds;
  #socket: ObjectSocket | null = null;
  #stopWaiting: Cancel | null = null;
  #failures = 0;
  #isInReplay = false;
  #isClosed = false;

  constructor(from: ConnectionOrigin, options: () => ViewerOptions, ends: ConnectionEnds) {
    this.#from = from;
    this.#options = options;
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
      const socket = await dial(this.#from.object(), this.#options(), onFrame, (cause) => this.#lost(cause));
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
    if (cause instanceof SocketRefused) {
      this.#ends.onEnd();
      return;
    }
    const waitMs = doubled(redialMinMs, redialMaxMs, this.#failures - 1);
    this.#stopWaiting = this.#from.clock.after(waitMs, () => void this.open());
    this.#ends.onAway(this.#failures);
  }
}
