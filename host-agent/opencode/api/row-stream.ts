/**
 * The objects of one JSON array, as their text arrives: a history may be larger than any string can be, and most of it
 * is of others.
 */
export const arrayObjects = (take: (text: string) => void) => {
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isComplete = false;
  let begun = '';

  return {
    /** The next piece of the text; it may end anywhere. */
    push(piece: string): void {
      let start = begun === '' ? -1 : 0;
      for (let at = 0; at < piece.length; at++) {
        const character = piece.charCodeAt(at);
        if (isInString) {
          if (isEscaped) isEscaped = false;
          else if (character === backslash) isEscaped = true;
          else if (character === quote) isInString = false;
        } else if (character === quote) isInString = true;
        else if (character === braceOpen || character === bracketOpen) {
          if (depth === 1) start = at;
          depth++;
        } else if (character === braceClose || character === bracketClose) {
          depth--;
          if (depth === 0) isComplete = true;
          if (depth === 1 && start >= 0) {
            take(begun + piece.slice(start, at + 1));
            begun = '';
            start = -1;
          }
        }
      }
      if (start >= 0) begun += piece.slice(start);
    },
    /** True when the array has been closed. */
    isComplete: (): boolean => isComplete && depth === 0,
  };
};

const [quote, backslash] = [0x22, 0x5c];
const [bracketOpen, bracketClose] = [0x5b, 0x5d];
const [braceOpen, braceClose] = [0x7b, 0x7d];
