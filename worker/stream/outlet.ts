import type { Clock } from '../../shared/clock.ts';
import { streamPieceBytes, viewerQueueBytes } from '../../shared/limits.ts';
import type { Unread, UnreadBudget } from './unread.ts';

/** A text as it was written, and how much of it the client has taken. */
interface Waiting {
  bytes: Uint8Array;
  takenBytes: number;
}

/**
 * The response body of a stream: bytes wait here, counted, until the client takes them, because the platform's own
 * queue would grow without a bound. The platform holds one small piece at most (its high-water mark is 0 bytes), so
 * that all that a client has not read is counted here but for that piece.
 */
export class Outlet implements Unread {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #budget: UnreadBudget;
  readonly #clock: Pick<Clock, 'steadyMs'>;
  readonly #onRoom: () => void;
  #queue: Waiting[] = [];
  #unreadBytes = 0;
  #heldBytes = 0;
  #heldLargest = 0;
  #waiting: (() => void) | null = null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isEnded = false;
  #isLetGo = false;

  /**
   * `onRoom` is called whenever the client has taken everything, `onGone` once when it has left.
   * `budget` is shared by all streams.
   */
  constructor(budget: UnreadBudget, clock: Pick<Clock, 'steadyMs'>, onRoom: () => void, onGone: () => void) {
    this.#budget = budget;
    this.#clock = clock;
    this.#onRoom = onRoom;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#drop();
          onGone();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
    );
  }

  /** True while the client has taken everything and waits for more. */
  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** False when the client is so far behind that it has to be let go; a single text never counts against it. */
  write(text: string): boolean {
    if (this.#isEnded || text === '') return true;
    if (this.#isLetGo) return false;
    const bytes = this.#encoder.encode(text);
    this.#queue.push({ bytes, takenBytes: 0 });
    this.#add(bytes.byteLength);
    if (this.#waiting) this.#hand();
    return !this.#isLetGo && this.#isInTime;
  }

  /** More is kept for this client outside of here, or less where `bytes` is negative. False as for `write`. */
  hold(bytes: number): boolean {
    if (this.#isEnded) return true;
    // What was held is forgotten with the rest, and must not be taken off a second time.
    if (this.#isLetGo) return false;
    if (bytes < 0) this.#taken(-bytes);
    else this.#add(bytes);
    this.#heldBytes += bytes;
    this.#heldLargest = this.#heldBytes === 0 ? 0 : Math.max(this.#heldLargest, bytes);
    return !this.#isLetGo && this.#isInTime;
  }

  /** Neither the text that the client is just taking counts, nor the largest of those that wait. */
  get #isInTime(): boolean {
    return this.#unreadBytes <= viewerQueueBytes || this.#unreadBytes - this.#spared() <= viewerQueueBytes;
  }

  /** Ends the body after what waits has been taken. */
  end(): void {
    this.#isEnded = true;
    if (this.#queue.length === 0) this.#close();
  }

  /** Ends the body at once. Never an error: the runtime would log one for every slow viewer. */
  abandon(): void {
    this.#forget();
    this.end();
  }

  /**
   * Called while another stream is served, from whose request this one's body may not be touched (workerd refuses it):
   * what waits is forgotten now, and the stream ends by itself at its next write, a heartbeat at the latest.
   */
  letGo(): void {
    this.#isLetGo = true;
    this.#forget();
  }

  #pull(): Promise<void> | void {
    if (this.#queue.length > 0) return this.#hand();
    const room = new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    this.#onRoom();
    return room;
  }

  /** Gives the client the oldest piece. */
  #hand(): void {
    const [first] = this.#queue;
    if (!first) return;
    const piece = first.bytes.subarray(first.takenBytes, first.takenBytes + streamPieceBytes);
    first.takenBytes += piece.byteLength;
    if (first.takenBytes === first.bytes.byteLength) this.#queue.shift();
    this.#taken(piece.byteLength);
    this.#controller?.enqueue(piece);
    this.#resume();
    if (this.#isEnded && this.#queue.length === 0) this.#close();
  }

  #spared(): number {
    const left = this.#queue.map(({ bytes, takenBytes }) => bytes.byteLength - takenBytes);
    const taking = (this.#queue[0]?.takenBytes ?? 0) > 0 ? (left.shift() ?? 0) : 0;
    return taking + left.reduce((largest, bytes) => Math.max(largest, bytes), this.#heldLargest);
  }

  #add(bytes: number): void {
    this.#unreadBytes += bytes;
    this.#budget.add(this, bytes, this.#clock.steadyMs());
  }

  #taken(bytes: number): void {
    this.#unreadBytes -= bytes;
    this.#budget.remove(this, bytes, this.#clock.steadyMs());
  }

  #close(): void {
    this.#controller?.close();
    this.#drop();
  }

  #drop(): void {
    this.#controller = null;
    this.#isEnded = true;
    this.#forget();
    this.#resume();
  }

  #forget(): void {
    this.#queue = [];
    this.#taken(this.#unreadBytes);
  }

  #resume(): void {
    const resume = this.#waiting;
    this.#waiting = null;
    resume?.();
  }
}
