import { isolateMaxUnreadBytes, isolateUnreadBytes, slowAfterMs } from '../../shared/limits.ts';

/** What a stream's client has not taken yet. */
export interface Unread {
  readonly unreadBytes: number;
  /** Forgets what waits, at once, and lets that stream alone end; its client comes back with its cursor. */
  letGo(): void;
}

/** How much all streams may keep: above `slow` slow ones go, above `most` one goes in any case. */
interface Bounds {
  slowBytes: number;
  mostBytes: number;
}

/**
 * The bytes that all streams of an isolate may keep for clients that don't read, since its memory is one for all of
 * them. Above it the slowest goes, and no other: of those that keep at least their share, the one whose client has
 * taken nothing for longest. One that reads is not slow because it was sent much at once: it goes only where the memory
 * would not do otherwise. One that keeps little is not worth an end.
 */
export class UnreadBudget {
  readonly #bounds: Bounds;
  /** When their clients last took something, or began to have something to take; in this order. */
  readonly #behind = new Map<Unread, number>();
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** What waits, of all streams. */
  get bytes(): number {
    return this.#bytes;
  }

  /** More waits in a stream; `nowMs` is steady. */
  add(stream: Unread, bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    if (!this.#behind.has(stream)) this.#behind.set(stream, nowMs);
    const { slowBytes, mostBytes } = this.#bounds;
    while (this.#bytes > slowBytes && this.#letGoSlowest(slowBytes, nowMs - slowAfterMs));
    while (this.#bytes > mostBytes && this.#letGoSlowest(mostBytes, Number.POSITIVE_INFINITY));
  }

  /** A client took something, or what waited was forgotten. */
  remove(stream: Unread, bytes: number, nowMs: number): void {
    this.#bytes -= bytes;
    this.#behind.delete(stream);
    if (stream.unreadBytes > 0) this.#behind.set(stream, nowMs);
  }

  /** Of those that keep their share of `limitBytes` and have taken nothing since `sinceMs`. False: there is none. */
  #letGoSlowest(limitBytes: number, sinceMs: number): boolean {
    const share = limitBytes / this.#behind.size;
    for (const [stream, tookMs] of this.#behind) {
      if (tookMs > sinceMs) return false;
      if (stream.unreadBytes < share) continue;
      stream.letGo();
      return true;
    }
    return false;
  }
}

/** Of this isolate. */
export const unreadHere = new UnreadBudget({ slowBytes: isolateUnreadBytes, mostBytes: isolateMaxUnreadBytes });
