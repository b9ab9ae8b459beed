/**
 * The texts of parts as they grow, whatever way a piece comes: live, stored, whole, or once more after a lost
 * connection.
 */

/** A piece to show: it belongs at `off` of its part and replaces what is there. */
export interface Piece {
  off: number;
  text: string;
}

interface Growing {
  /** The text as far as it is known. */
  text: string;
  /** What has been shown of it. */
  shown: string;
}

/** Remembers what was shown of each part, so that nothing is shown twice. */
export const growingTexts = () => {
  const parts = new Map<string, Growing>();
  const of = (part: string): Growing => {
    const known = parts.get(part) ?? { text: '', shown: '' };
    parts.set(part, known);
    return known;
  };
  const show = (growing: Growing): Piece | null => {
    const { text, shown } = growing;
    if (text === shown) return null;
    const off = text.startsWith(shown) ? shown.length : commonLength(text, shown);
    growing.shown = text;
    return { off, text: text.slice(off) };
  };
  return {
    /** A piece that came live. One behind a hole waits until the whole text comes. Out: what is new of it, or null. */
    add: (part: string, off: number, text: string): Piece | null => {
      const growing = of(part);
      if (off > growing.text.length || off + text.length <= growing.text.length) return null;
      growing.text += text.slice(growing.text.length - off);
      return show(growing);
    },
    /** The text from `off` on is this, whatever came before. */
    replace: (part: string, off: number, text: string): Piece | null => {
      const growing = of(part);
      growing.text = growing.text.slice(0, off) + text;
      return show(growing);
    },
    /** Whether anything was shown of a part. */
    wasShown: (part: string): boolean => (parts.get(part)?.shown ?? '') !== '',
  };
};

const commonLength = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
};
