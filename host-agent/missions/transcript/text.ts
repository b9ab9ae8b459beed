import { createHash } from 'node:crypto';
import type { HostEvent } from '../../../shared/events.ts';
import { checkpointBytes } from '../../../shared/limits.ts';
import { isHighSurrogate, type WellFormedPieces, wellFormedPieces } from '../../../shared/text.ts';
import type { Redactor, StreamRedactor } from '../../process/redact.ts';

/**
 * A checkpoint or a part's end holds at most this many UTF-16 units; as JSON each takes six bytes at worst, which stays
 * below maxEventBytes.
 */
const maxChars = checkpointBytes;

interface OpenText {
  /** What comes goes through this, then through the redactor: the same as the final text does as a whole. */
  pieces: WellFormedPieces;
  stream: StreamRedactor;
  /** The redacted text so far. */
  text: string;
  /**
   * How many characters are in stored checkpoints; null when that is unknown: an earlier process wrote them, or storing
   * failed.
   */
  stored: number | null;
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

type Checkpoint = Extract<HostEvent, { type: 'part.checkpoint' }>;
type Closed = Extract<HostEvent, { type: 'part.closed' }>;

/**
 * The open texts of one mission: what came, what is stored, what is to be stored when. `now` is monotonic milliseconds.
 */
export class OpenTexts {
  readonly #redactor: () => Redactor;
  readonly #open = new Map<string, OpenText>();

  constructor(redactor: () => Redactor) {
    this.#redactor = redactor;
  }

  /** A part begins, or (`stored` null) began before this process listened. */
  open(part: string, stored: 0 | null): void {
    if (this.#open.has(part)) return;
    const stream = this.#redactor().stream();
    this.#open.set(part, { pieces: wellFormedPieces(), stream, text: '', stored, blind: false, unstoredSinceMs: null });
  }

  /** Text for a part. Out: what viewers may see of it now; null when nothing. */
  grow(part: string, piece: string, now: number): Growth | null {
    const open = this.#open.get(part);
    if (!open || open.blind) return null;
    const text = open.stream.push(open.pieces.push(piece));
    if (text === '') return null;
    const off = open.text.length;
    open.text += text;
    open.unstoredSinceMs ??= now;
    return { part, off, text };
  }

  /**
   * Text was missed: every open part is blind from here. Out: an event for each that was not. `storedKnown` is false
   * when checkpoints that were made could not be stored.
   */
  miss(storedKnown: boolean): HostEvent[] {
    const events: HostEvent[] = [];
    for (const [part, open] of this.#open) {
      if (!storedKnown) open.stored = null;
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
      const isLong = open.text.length - open.stored >= checkpointBytes;
      if (!isLong && now - open.unstoredSinceMs < waitMs) continue;
      events.push(...checkpointsOf(part, open.text, open.stored, false));
      open.stored = open.text.length;
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
    if (final === null && (!open || stored === null)) return [];
    if (final === null && open) {
      const text = open.blind
        ? open.text.slice(0, stored ?? 0)
        : open.text + open.stream.push(open.pieces.end()) + open.stream.end();
      return closing(part, open.text.slice(0, stored ?? 0), text);
    }
    const before = open && stored !== null ? open.text.slice(0, stored) : null;
    return closing(part, before, this.#redactor().text(final ?? ''));
  }
}

/** `before` is the stored text; null when it is unknown, and has to be replaced. */
const closing = (part: string, before: string | null, final: string): (Checkpoint | Closed)[] => {
  const same = before === null ? 0 : commonLength(before, final);
  const isPrefix = before !== null && same === before.length;
  const mustReplace = !isPrefix && final.length - same > maxChars;
  const from = mustReplace ? 0 : same;
  const pieces = cut(final.slice(from), from);
  const last = pieces.pop() ?? { off: from, text: '' };
  const checkpoints = pieces.map(
    ({ off, text }, index): Checkpoint => ({
      type: 'part.checkpoint',
      part,
      off,
      text,
      ...(mustReplace && index === 0 ? { replace: true } : {}),
    }),
  );
  const sha256 = createHash('sha256').update(final).digest('hex');
  return [...checkpoints, { type: 'part.closed', part, off: last.off, text: last.text, length: final.length, sha256 }];
};

const checkpointsOf = (part: string, text: string, from: number, replace: boolean): Checkpoint[] =>
  cut(text.slice(from), from).map(({ off, text: piece }) => ({
    type: 'part.checkpoint',
    part,
    off,
    text: piece,
    ...(replace ? { replace } : {}),
  }));

/** Pieces of at most maxChars, never between the halves of a character. `off` is where `text` stands in the whole. */
const cut = (text: string, off: number): { off: number; text: string }[] => {
  const pieces: { off: number; text: string }[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + maxChars, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
    pieces.push({ off: off + at, text: text.slice(at, end) });
    at = end;
  }
  return pieces;
};

const commonLength = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length > 0 && isHighSurrogate(a.charCodeAt(length - 1)) ? length - 1 : length;
};
