import type { HostEvent } from '../../../shared/events.ts';
import { checkpointBytes, maxPartChars } from '../../../shared/limits.ts';
import { beginningOf, type WellFormedPieces, wellFormedPieces } from '../../../shared/text.ts';
import type { Redactor, StreamRedactor } from '../../process/redact.ts';
import { type KnownText, knownText, sha256 } from './known-text.ts';

/**
 * A checkpoint or a part's end holds at most this many UTF-16 units; as JSON each takes six bytes at worst, which stays
 * below maxEventBytes.
 */
const maxChars = checkpointBytes;

interface OpenText {
  /** What comes goes through this, then through the redactor: the same as the final text does as a whole. */
  pieces: WellFormedPieces;
  stream: StreamRedactor;
  /** The redacted text that is in stored checkpoints; null when an earlier process wrote them, or storing failed. */
  stored: KnownText | null;
  /** The redacted text behind it. */
  unstored: string;
  /** Text was missed: nothing is shown until the end (protocol §3). */
  blind: boolean;
  /** Monotonic time of the first character that is not stored. */
  unstoredSinceMs: number | null;
}

/** New text of a part at offset `off` of its redacted text. */
export interface Growth {
  part: string;
  off: number;
  text: string;
}

/** Puts new text behind what has grown of its part already. */
export const merge = (growths: Map<string, Growth>, growth: Growth): void => {
  const before = growths.get(growth.part);
  if (before) before.text += growth.text;
  else growths.set(growth.part, growth);
};

type Checkpoint = Extract<HostEvent, { type: 'part.checkpoint' }>;
type Closed = Extract<HostEvent, { type: 'part.closed' }>;

/**
 * The open texts of one mission: what came, what is to be stored when. None is held: of what is stored its length, its
 * hash and its end are known. What is beyond `maxPartChars` is counted, and neither shown nor stored, as at the edge.
 * `now` is monotonic milliseconds.
 */
export class OpenTexts {
  readonly #redactor: () => Redactor;
  readonly #open = new Map<string, OpenText>();

  constructor(redactor: () => Redactor) {
    this.#redactor = redactor;
  }

  /** A part begins, or (`stored` null) began before this process listened, and is blind from the next `miss` on. */
  open(part: string, stored: 0 | null): void {
    if (this.#open.has(part)) return;
    this.#open.set(part, {
      pieces: wellFormedPieces(),
      stream: this.#redactor().stream(),
      stored: stored === null ? null : knownText(maxChars),
      unstored: '',
      blind: false,
      unstoredSinceMs: null,
    });
  }

  /** Text for a part. Out: what viewers may see of it now; null when nothing. */
  grow(part: string, piece: string, now: number): Growth | null {
    const open = this.#open.get(part);
    if (!open?.stored || open.blind) return null;
    const text = open.stream.push(open.pieces.push(piece));
    if (text === '') return null;
    const off = open.stored.length + open.unstored.length;
    open.unstored += text;
    open.unstoredSinceMs ??= now;
    return off + text.length > maxPartChars ? null : { part, off, text };
  }

  /**
   * Text was missed: every open part is blind from here. Out: an event for each that was not. `storedKnown` is false
   * when checkpoints that were made could not be stored.
   */
  miss(storedKnown: boolean): HostEvent[] {
    const events: HostEvent[] = [];
    for (const [part, open] of this.#open) {
      if (!storedKnown) open.stored = null;
      open.unstored = '';
      open.unstoredSinceMs = null;
      if (open.blind) continue;
      open.blind = true;
      events.push({ type: 'part.blind', part });
    }
    return events;
  }

  /** When the next checkpoint is due, if each may wait `waitMs`; null when none is. */
  nextDueMs(waitMs: number): number | null {
    const since = [...this.#open.values()].flatMap((open) => open.unstoredSinceMs ?? []);
    return since.length === 0 ? null : Math.min(...since) + waitMs;
  }

  /**
   * Checkpoints for texts that waited `waitMs`, or are long enough. They count as stored: store them, or call
   * `miss(false)`.
   */
  checkpoints(now: number, waitMs: number): Checkpoint[] {
    const events: Checkpoint[] = [];
    for (const [part, open] of this.#open) {
      if (open.stored === null || open.unstoredSinceMs === null) continue;
      const isLong = open.unstored.length >= checkpointBytes;
      if (!isLong && now - open.unstoredSinceMs < waitMs) continue;
      const pieces = cut(open.unstored, open.stored.length);
      events.push(...pieces.map((piece): Checkpoint => ({ type: 'part.checkpoint', part, ...piece })));
      open.stored.add(open.unstored);
      open.unstored = '';
      open.unstoredSinceMs = null;
    }
    return events;
  }

  /**
   * A part ends with `final` (well-formed, not redacted), or with null where OpenCode has no text of it: then what came
   * is the text. Out: events that bring what is stored to it; none when neither side knows the text.
   */
  close(part: string, final: string | null): (Checkpoint | Closed)[] {
    const open = this.#open.get(part);
    this.#open.delete(part);
    const stored = open?.stored ?? null;
    if (final !== null) return closing(part, stored, this.#redactor().text(final));
    if (!open || stored === null) return [];
    const rest = open.blind ? '' : open.unstored + open.stream.push(open.pieces.end()) + open.stream.end();
    const whole = { length: stored.length + rest.length, sha256: stored.sha256With(rest) };
    return ending(part, cut(rest, stored.length), { off: stored.length, ...whole });
  }
}

/** `stored` null: what is stored is unknown, and has to be replaced. */
const closing = (part: string, stored: KnownText | null, final: string): (Checkpoint | Closed)[] => {
  const same = stored?.commonLength(final) ?? 0;
  const isPrefix = stored !== null && same === stored.length;
  const mustReplace = !isPrefix && final.length - same > maxChars;
  const from = mustReplace ? 0 : same;
  const whole = { length: final.length, sha256: sha256(final) };
  return ending(part, cut(final.slice(from), from), { off: from, ...whole }, mustReplace);
};

/** The events of an end: pieces of text, the last of them in the end itself, which says what the whole is. */
const ending = (
  part: string,
  pieces: Piece[],
  { off, ...whole }: { off: number; length: number; sha256: string },
  mustReplace = false,
): (Checkpoint | Closed)[] => {
  const last = pieces.at(-1) ?? { off, text: '' };
  const before = pieces.slice(0, -1).map(
    (piece, index): Checkpoint => ({
      type: 'part.checkpoint',
      part,
      ...piece,
      ...(mustReplace && index === 0 ? { replace: true } : {}),
    }),
  );
  return [...before, { type: 'part.closed', part, ...last, ...whole }];
};

/** `off` is where `text` stands in the whole. */
interface Piece {
  off: number;
  text: string;
}

/** Pieces of at most maxChars, never between the halves of a character, and none beyond `maxPartChars`. */
const cut = (text: string, off: number): Piece[] => {
  const pieces: Piece[] = [];
  const kept = beginningOf(text, Math.max(0, maxPartChars - off));
  for (let at = 0; at < kept.length; ) {
    const piece = beginningOf(kept.slice(at, at + maxChars + 1), maxChars);
    pieces.push({ off: off + at, text: piece });
    at += piece.length;
  }
  return pieces;
};
