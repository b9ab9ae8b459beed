import { createHash } from 'node:crypto';
import { beginningOf, isHighSurrogate } from '../../../shared/text.ts';

/** A text that is known without being held. */
export interface KnownText {
  /** UTF-16 units. */
  readonly length: number;
  /** More of it, well-formed. */
  add(text: string): void;
  /**
   * How much of `other`, from its beginning, is the same. 0 also where they differ before the end that is at hand: more
   * than `endChars` of them differ then.
   */
  commonLength(other: string): number;
  /** SHA-256 of it with `rest` behind it. */
  sha256With(rest: string): string;
}

/**
 * A text that is empty at first. Of a long one only its hash and its end are kept, since a model may talk without end,
 * in many missions at once: at least the last `endChars` units, and less than twice as many.
 */
export const knownText = (endChars: number): KnownText => {
  const begun = createHash('sha256');
  let begunChars = 0;
  let end = '';
  return {
    get length() {
      return begunChars + end.length;
    },
    add: (text) => {
      end += text;
      if (end.length < 2 * endChars) return;
      const leaves = beginningOf(end, end.length - endChars);
      begun.update(leaves);
      begunChars += leaves.length;
      end = end.slice(leaves.length);
    },
    commonLength: (other) => {
      const beginning = other.slice(0, begunChars);
      const isSame = beginning.length === begunChars && sha256(beginning) === begun.copy().digest('hex');
      return isSame ? begunChars + commonLength(end, other.slice(begunChars)) : 0;
    },
    sha256With: (rest) => begun.copy().update(end).update(rest).digest('hex'),
  };
};

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const commonLength = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length > 0 && isHighSurrogate(a.charCodeAt(length - 1)) ? length - 1 : length;
};
