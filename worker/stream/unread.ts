import { isolateUnreadBytes } from '../../shared/limits.ts';

/** What a stream's client has not taken yet. */
export interface Unread {
  readonly unreadBytes: number;
  /** Forgets what waits, at once, and lets that stream alone end; its client comes back with its cursor. */
  letGo(): void;
}

/**
 * The bytes that all streams of an isolate may keep for clients that don't read, since its memory is one for all of
 * them. Above it the slowest goes, and no other: of those that keep at least their share, the one whose client has
 * taken nothing for longest. One that reads is not slow because it was sent much at once, and one that keeps little is
 * not worth an end.
 */
export class UnreadBudget {
  readonly #limitBytes: number;
  /** In the order of when their clients last took something, or began to have something to take. */
  readonly #behind = new Set<Unread>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** What waits, of all streams. */
  get bytes(): number {
    return this.#bytes;
  }

  /** More waits in a stream. */
  add(stream: Unread, bytes: number): void {
    this.#bytes += bytes;
    this.#behind.add(stream);
    while (this.#bytes > this.#limitBytes) this.#slowest().letGo();
  }

  /** A client took something, or what waited was forgotten. */
  remove(stream: Unread, bytes: number): void {
    this.#bytes -= bytes;
    this.#behind.delete(stream);
    if (stream.unreadBytes > 0) this.#behind.add(stream);
  }

  #slowest(): Unread {
    const share = this.#limitBytes / this.#behind.size;
    for (const stream of this.#behind) if (stream.unreadBytes >= share) return stream;
    throw new Error('what waits is more than what its streams say');
  }
}

/** Of this isolate. */
export const unreadHere = new UnreadBudget(isolateUnreadBytes);
