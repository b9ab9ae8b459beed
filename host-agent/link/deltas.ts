import type { Delta } from '../../shared/frames.ts';

/** Beyond this, viewers are better served by the next checkpoint than by old text (UTF-16 units). */
const maxBufferedLength = 256 * 1024;
/** Deltas of a frame (shared/frames.ts allows 10,000); far more than parts can be open at once. */
const maxBuffered = 5_000;

interface Buffered extends Delta {
  /** The outbox head when it came: rows up to here, its part's opening among them, go first. */
  after: number;
}

/**
 * Text on its way to live viewers. Deltas of one part that follow each other are joined, unless a row was stored
 * between them: that row may be a checkpoint of the part, and a delta must not straddle it, since a receiver takes only
 * deltas that begin exactly where its text ends (protocol §3).
 */
export class DeltaBuffer {
  #deltas: Buffered[] = [];
  readonly #newest = new Map<string, Buffered>();
  #length = 0;

  /**
   * `after`: the head n of the current run at this moment. Over the cap everything buffered is dropped: deltas go
   * first.
   */
  add(delta: Delta, after: number): void {
    if (this.#length + delta.text.length > maxBufferedLength || this.#deltas.length >= maxBuffered) this.clear();
    this.#length += delta.text.length;
    const last = this.#newest.get(delta.part);
    if (last && last.after === after && last.off + last.text.length === delta.off) {
      last.text += delta.text;
      return;
    }
    const buffered = { ...delta, after };
    this.#deltas.push(buffered);
    this.#newest.set(delta.part, buffered);
  }

  /** Takes out the deltas that may go once the rows of the current run up to `sentN` have been sent. */
  take(sentN: number): Delta[] {
    const held = this.#deltas.findIndex((delta) => delta.after > sentN);
    const ready = held < 0 ? this.#deltas : this.#deltas.slice(0, held);
    const rest = held < 0 ? [] : this.#deltas.slice(held);
    this.clear();
    for (const delta of rest) {
      this.#deltas.push(delta);
      this.#newest.set(delta.part, delta);
      this.#length += delta.text.length;
    }
    return ready.map(({ mission, part, off, text }) => ({ mission, part, off, text }));
  }

  /** True if `take(sentN)` would give something. */
  hasReady(sentN: number): boolean {
    const first = this.#deltas[0];
    return first !== undefined && first.after <= sentN;
  }

  clear(): void {
    this.#deltas = [];
    this.#newest.clear();
    this.#length = 0;
  }
}
