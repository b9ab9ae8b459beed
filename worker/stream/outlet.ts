import { viewerQueueBytes } from '../../shared/limits.ts';

/**
 * The response body of a stream: bytes wait here, counted, until the client takes them, because the platform's own
 * queue would grow without a bound. The platform holds one piece at most (its high-water mark is 0 bytes), so that one
 * huge piece on its way never counts against a viewer that reads.
 */
export class Outlet {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #onRoom: () => void;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #waiting: (() => void) | null = null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isEnded = false;

  /** `onRoom` is called whenever the client has taken everything, `onGone` once when it has left. */
  constructor(onRoom: () => void, onGone: () => void) {
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

  /** False when the client is so far behind that it has to be let go; a single piece never counts against it. */
  write(text: string): boolean {
    if (this.#isEnded || text === '') return true;
    const piece = this.#encoder.encode(text);
    this.#queue.push(piece);
    this.#queuedBytes += piece.byteLength;
    if (this.#waiting) this.#hand();
    return this.#queuedBytes <= viewerQueueBytes || this.#queuedBytes - this.#largest() <= viewerQueueBytes;
  }

  /** Ends the body after what waits has been taken. */
  end(): void {
    this.#isEnded = true;
    if (this.#queue.length === 0) this.#close();
  }

  /** Ends the body at once. Never an error: the runtime would log one for every slow viewer. */
  abandon(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.end();
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
    const piece = this.#queue.shift();
    if (!piece) return;
    this.#queuedBytes -= piece.byteLength;
    this.#controller?.enqueue(piece);
    this.#resume();
    if (this.#isEnded && this.#queue.length === 0) this.#close();
  }

  #largest(): number {
    return this.#queue.reduce((largest, piece) => Math.max(largest, piece.byteLength), 0);
  }

  #close(): void {
    this.#controller?.close();
    this.#drop();
  }

  #drop(): void {
    this.#controller = null;
    this.#isEnded = true;
    this.#queue = [];
    this.#resume();
  }

  #resume(): void {
    const resume = this.#waiting;
    this.#waiting = null;
    resume?.();
  }
}
