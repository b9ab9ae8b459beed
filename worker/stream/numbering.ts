import type { Clock } from '../../shared/clock.ts';
import { fromNow, fromStart } from '../../shared/cursor.ts';
import type { Positions } from '../account/positions.ts';
import { insist } from './insist.ts';
import { maxMoved, StreamIds, stretchOf } from './stream-id.ts';
import { pieces, type ViewerFrame } from './viewer-frame.ts';

/** What the numbering needs of the rest of the stream. */
export interface NumberingEnds {
  /** Keeps positions in the user's account; out: their handle. */
  keep: (positions: Positions) => Promise<string>;
  /** What has its ids, in order. */
  onShown: (host: string, frame: ViewerFrame) => void;
  /** How many bytes wait for their ids: more, or less where it is negative. */
  onWaiting: (bytes: number) => void;
}

interface Waiting {
  host: string;
  frame: ViewerFrame;
}

/**
 * Gives the events of a stream ids from which all of its servers can be resumed (protocol §1). With one server they
 * have theirs, and pass. With several an id names positions that the user's account keeps, so frames wait, in order,
 * while others have to be kept: nothing is shown before what its id refers to is stored. That is where a server was
 * joined anew or has begun another segment, or many have moved on, and never once per event.
 */
export class Numbering {
  /** Where each server has been shown up to; every server of the stream has an entry. */
  readonly positions = new Map<string, string>();
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #ends: NumberingEnds;
  readonly #waiting: Waiting[] = [];
  #ids: StreamIds | null = null;
  #isPaused = true;
  #isKeeping = false;

  /** `signal` ends the stream. */
  constructor(clock: Clock, signal: AbortSignal, ends: NumberingEnds) {
    this.#clock = clock;
    this.#signal = signal;
    this.#ends = ends;
  }

  /** Where the stream goes on; `kept` is what its client's id refers to, where it is one of ours. */
  begin(positions: ReadonlyMap<string, string>, kept: { handle: string; positions: Positions } | null): void {
    for (const [host, position] of positions) this.positions.set(host, position);
    if (kept) this.#ids = this.#idsOf(kept.handle, kept.positions);
  }

  /** A server that came later: it is shown from its start. */
  add(host: string): void {
    if (!this.positions.has(host)) this.positions.set(host, fromStart);
  }

  /** Where a server goes on, whose frames may still wait to be shown. */
  goesOnFrom(host: string): string {
    const taken = this.#waiting.findLast((waiting) => waiting.host === host && waiting.frame.cursor !== null);
    return taken?.frame.cursor ?? this.positions.get(host) ?? fromNow;
  }

  /** From here on frames are shown; those that came before were put by. */
  resume(): void {
    this.#isPaused = false;
    this.#next();
  }

  /** True while frames wait for their ids. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  take(host: string, frame: ViewerFrame): void {
    for (const piece of this.#areSeveral ? pieces(frame) : [frame]) {
      const next = { host, frame: piece };
      if (this.#isFree && this.#canShow(next)) {
        this.#show(next);
        continue;
      }
      this.#waiting.push(next);
      this.#ends.onWaiting(piece.text.length);
    }
    this.#next();
  }

  /** What waits is shown no more. */
  close(): void {
    for (const { frame } of this.#waiting.splice(0)) this.#ends.onWaiting(-frame.text.length);
  }

  get #areSeveral(): boolean {
    return this.positions.size > 1;
  }

  get #isFree(): boolean {
    return !this.#isPaused && !this.#isKeeping && this.#waiting.length === 0;
  }

  #next(): void {
    while (!this.#isPaused && !this.#isKeeping) {
      const [first] = this.#waiting;
      if (!first) return;
      if (!this.#canShow(first)) {
        this.#isKeeping = true;
        void this.#keep();
        return;
      }
      this.#waiting.shift();
      this.#ends.onWaiting(-first.frame.text.length);
      this.#show(first);
    }
  }

  #canShow({ host, frame: { cursor } }: Waiting): boolean {
    return cursor === null || !this.#areSeveral || (this.#ids?.move(host, cursor) ?? false);
  }

  #show({ host, frame }: Waiting): void {
    const ids = this.#areSeveral ? this.#ids : null;
    const named = (cursor: string): string => {
      if (ids?.move(host, cursor)) return `id: ${ids.id}`;
      throw new Error(`a frame with ids of two segments: ${cursor}`);
    };
    const text = ids ? frame.text.replace(/^id: (.*)$/gm, (_line, cursor: string) => named(cursor)) : frame.text;
    if (frame.cursor !== null) {
      this.positions.set(host, frame.cursor);
      ids?.move(host, frame.cursor);
    }
    this.#ends.onShown(host, { ...frame, text });
  }

  async #keep(): Promise<void> {
    // What comes at once is kept at once.
    await null;
    const positions = [...this.#toKeep()].map(([host, at]) => ({ host, at }));
    const keep = () => this.#ends.keep(positions);
    const handle = await insist(this.#clock, this.#signal, 'stream.positions.not_kept', keep).catch(() => null);
    if (handle === null || this.#signal.aborted) return;
    this.#ids = this.#idsOf(handle, positions);
    this.#isKeeping = false;
    this.#next();
  }

  /**
   * Positions that can name what waits: those of now, with where a server will be that was not joined yet, or whose
   * frame is next. Until they are shown the ids say that these are still at `now` or `start`.
   */
  #toKeep(): Map<string, string> {
    const kept = new Map(this.positions);
    let ahead = 0;
    for (const [index, { host, frame }] of this.#waiting.entries()) {
      const known = kept.get(host);
      if (frame.cursor === null || known === undefined || stretchOf(known) === stretchOf(frame.cursor)) continue;
      const isUnjoined = known === fromNow || known === fromStart;
      if (index > 0 && !(isUnjoined && ahead < maxMoved)) continue;
      kept.set(host, frame.cursor);
      ahead += 1;
    }
    return kept;
  }

  #idsOf(handle: string, kept: Positions): StreamIds | null {
    const ids = new StreamIds(handle, kept);
    for (const [host, position] of this.positions) {
      // The server whose frame is next may have left a segment that no id of these can name; its frame moves it.
      if (!ids.move(host, position) && host !== this.#waiting[0]?.host) return null;
    }
    return ids;
  }
}
