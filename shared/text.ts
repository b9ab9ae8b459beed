/**
 * Text as it is everywhere: stored, streamed, listed and given to the agent. Half a surrogate pair without its other
 * half is no character; UTF-8, SQLite and JSON each make something else of it, so whoever takes text in replaces it
 * once, by U+FFFD, which has the same length in UTF-16 units.
 */

/**
 * JSON is read and written by recursion, which ends somewhere; nothing that means anything is nested near this deep.
 */
export const maxJsonLevels = 100;

/**
 * A copy of a JSON value whose strings and keys are well-formed. A value inside more than `maxJsonLevels` others is
 * replaced by what `tooDeep` gives, which may throw instead.
 */
export const wellFormed = (value: unknown, tooDeep: () => unknown, levels = maxJsonLevels): unknown => {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) return tooDeep();
  if (Array.isArray(value)) return value.map((inner) => wellFormed(inner, tooDeep, levels - 1));
  // From entries, not by assignment: a key `__proto__` is a key like any other.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner, tooDeep, levels - 1)]),
  );
};

export const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** The first `chars` UTF-16 units of a text, one less where that would be half a character. */
export const beginningOf = (text: string, chars: number): string => {
  if (text.length <= chars) return text;
  return text.slice(0, isHighSurrogate(text.charCodeAt(chars - 1)) ? chars - 1 : chars);
};

/** At most `max` UTF-16 units, with a sign where something is left out; never half a character. */
export const cutText = (text: string, max: number): string =>
  text.length <= max ? text : `${beginningOf(text, max - 1)}…`;

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** The last `chars` UTF-16 units of a text, one less where that would be half a character. */
export const endOf = (text: string, chars: number): string => {
  const from = Math.max(0, text.length - chars);
  return text.slice(from > 0 && isLowSurrogate(text.charCodeAt(from)) ? from + 1 : from);
};

export interface WellFormedPieces {
  /** The next piece. Out: it well-formed, without a last unit whose other half may come with the next. */
  push(piece: string): string;
  /** The end. Out: what waits; half a character is one that has no other half now. */
  end(): string;
}

/**
 * Makes a text well-formed that comes in pieces, as if it had come whole: a piece may end between the halves of a
 * character.
 */
export const wellFormedPieces = (): WellFormedPieces => {
  let half = '';
  return {
    push: (piece) => {
      const text = half + piece;
      half = isHighSurrogate(text.charCodeAt(text.length - 1)) ? text.slice(-1) : '';
      return text.slice(0, text.length - half.length).toWellFormed();
    },
    end: () => half.toWellFormed(),
  };
};
