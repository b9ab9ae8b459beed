/** Standard output and standard error as one page: what goes to one never begins in the middle of the other's line. */
import type { Ends } from './ends.ts';

/** Texts are of a part each; `text` is plain already (plain.ts). */
export const newTwoEnds = (ends: Ends) => {
  /** The part whose text each end is in the middle of; null after a whole line. */
  let said: string | null = null;
  let thought: string | null = null;
  /** The part that was said last: what follows of it after a note is no other part. */
  let last: string | null = null;
  let endsLine = true;
  let thoughtEndsLine = true;

  const endSaid = (): void => {
    if (said !== null && !endsLine) ends.out('\n');
    said = null;
    endsLine = true;
  };
  const endThought = (): void => {
    if (thought !== null && !thoughtEndsLine) ends.err('\n');
    thought = null;
    thoughtEndsLine = true;
  };

  return {
    /** To standard output; a blank line is between parts. */
    say: (part: string, text: string): void => {
      if (text === '') return;
      if (ends.isShared) endThought();
      if (said !== part) {
        endSaid();
        if (last !== null && last !== part) ends.out('\n');
      }
      said = part;
      last = part;
      endsLine = text.endsWith('\n');
      ends.out(text);
    },
    /** To standard error, less bright, as it comes. */
    think: (part: string, text: string): void => {
      if (text === '') return;
      if (ends.isShared) endSaid();
      if (thought !== part) endThought();
      thought = part;
      thoughtEndsLine = text.endsWith('\n');
      ends.err(ends.dim(text));
    },
    /** Whole lines to standard error. */
    note: (text: string): void => {
      if (ends.isShared) endSaid();
      endThought();
      ends.err(`${text}\n`);
    },
    /** Nothing more comes of the part; null: of any. */
    end: (part: string | null): void => {
      if (part === null || said === part) endSaid();
      if (part === null || thought === part) endThought();
    },
  };
};
