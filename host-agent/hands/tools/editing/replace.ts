/** Edits of a text, one after the other: each is looked for in what the one before it left. */

import { cutText } from '../../../../shared/text.ts';
import { Refused } from '../../call/refused.ts';
import { find } from './find.ts';
import { fitted } from './fitted.ts';
import { plainText } from './line-ends.ts';
import { nearest } from './nearest.ts';
import type { Span } from './span.ts';

export interface Edit {
  oldString: string;
  newString: string;
  replaceAll: boolean;
}

export interface Replaced {
  text: string;
  /** How often something was replaced. */
  places: number;
  /** What the model should know of how its texts were found. */
  notes: string[];
}

/**
 * Does all of `edits` or nothing. `mayQuote`: what the file has may be told, since this session has read it. Throws
 * `Refused` with what to do when a text is nowhere, or in more than one place.
 */
export const replaceIn = (text: string, edits: readonly Edit[], { mayQuote }: { mayQuote: boolean }): Replaced =>
  edits.reduce<Replaced>(
    (done, edit, index) => {
      const which = edits.length > 1 ? `Edit ${index + 1} of ${edits.length}: ` : '';
      const next = replaceOne(done.text, edit, which, mayQuote);
      return {
        text: next.text,
        places: done.places + next.places,
        notes: [...done.notes, ...next.notes.map((note) => which + note)],
      };
    },
    { text, places: 0, notes: [] },
  );

const replaceOne = (
  text: string,
  { oldString, newString, replaceAll }: Edit,
  which: string,
  mayQuote: boolean,
): Replaced => {
  if (oldString === '')
    throw new Refused(`${which}oldString is empty. Say which text to replace, or write the whole file with write.`);
  if (oldString === newString)
    throw new Refused(`${which}oldString and newString are the same: there is nothing to do.`);
  const { plain, original, inItsWay } = plainText(text);
  const wanted = oldString.replaceAll('\r\n', '\n');
  const { spans, tolerance } = find(plain, wanted);
  if (spans.length === 0)
    throw new Refused(`${which}oldString is not in the file.${mayQuote ? nearest(plain, wanted) : ' Read it first.'}`);
  if (spans.length > 1 && !replaceAll) throw new Refused(which + notUnique(plain, spans));
  let changed = '';
  let from = 0;
  for (const span of spans) {
    const start = tolerance === null ? span.start : withIndentation(plain, span, wanted);
    const found = plain.slice(start, span.end);
    changed +=
      text.slice(from, original(start)) + inItsWay(tolerance === null ? newString : fitted(found, wanted, newString));
    from = original(span.end);
  }
  return {
    text: changed + text.slice(from),
    places: spans.length,
    notes: tolerance === null ? [] : [`oldString was found ${tolerance}, at ${placesOf(plain, spans)}.`],
  };
};

/** Where a place begins: with its indentation, if that is nothing but white space and was quoted as well. */
const withIndentation = (text: string, { start }: Span, wanted: string): number => {
  const line = text.lastIndexOf('\n', start - 1) + 1;
  return /^[ \t]/.test(wanted) && text.slice(line, start).trim() === '' ? line : start;
};

const notUnique = (text: string, spans: readonly Span[]): string =>
  `oldString is in ${spans.length} places, at ${placesOf(text, spans)}. Add lines around the one you mean, or set ` +
  'replaceAll to replace them all.';

/** Beyond this many nobody goes through them one by one. */
const namedPlaces = 10;

const placesOf = (text: string, spans: readonly Span[]): string => {
  const numbers = spans.slice(0, namedPlaces).map(({ start }) => text.slice(0, start).split('\n').length);
  return cutText(`line ${numbers.join(', ')}${spans.length > namedPlaces ? ' …' : ''}`, 200);
};
