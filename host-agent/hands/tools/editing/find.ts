/**
 * Where in a file the text is that a model wants to replace. Models quote from memory: white space, quotation marks and
 * now and then a word differ. So the ways to find it go from exact to tolerant, and the first that finds anything
 * decides; none of them ever chooses between several places.
 */
import { anchoredBlocks } from './anchors.ts';
import { plainSigns } from './plain-signs.ts';
import type { Span } from './span.ts';
import { flexibleSpans, lineBlocks, occurrences } from './spans.ts';

export interface Found {
  spans: Span[];
  /** How it was found, for the model; null for the exact text. */
  tolerance: string | null;
}

const collapsed = (line: string): string => line.trim().replace(/\s+/g, ' ');

/** As the text would be if the model had written it as a string of a program, `\n` and `\"` included. */
const unescaped = (text: string): string =>
  text.replace(/\\([ntr'"`\\$\n])/g, (_, sign: string) => ({ n: '\n', t: '\t', r: '\r' })[sign] ?? sign);

const ways: readonly { tolerance: string | null; find: (text: string, wanted: string) => Span[] }[] = [
  { tolerance: null, find: occurrences },
  {
    tolerance: 'without regard to white space at the ends of lines',
    find: (text, wanted) => lineBlocks(text, wanted, (line) => line.trimEnd()),
  },
  {
    tolerance: 'without regard to indentation',
    find: (text, wanted) => lineBlocks(text, wanted, (line) => line.trim()),
  },
  { tolerance: 'without regard to white space', find: (text, wanted) => lineBlocks(text, wanted, collapsed) },
  {
    tolerance: 'without regard to typographic signs and white space',
    find: (text, wanted) => lineBlocks(text, wanted, (line) => collapsed(plainSigns(line))),
  },
  { tolerance: 'without regard to white space', find: flexibleSpans },
  {
    tolerance: 'with its escaped signs as what they stand for',
    find: (text, wanted) => {
      const plain = unescaped(wanted);
      return plain === wanted ? [] : occurrences(text, plain);
    },
  },
  {
    tolerance: 'with its signs escaped as the file has them',
    find: (text, wanted) => lineBlocks(text, unescaped(wanted), unescaped),
  },
  {
    tolerance: 'without the white space around it',
    find: (text, wanted) => (wanted.trim() === wanted ? [] : occurrences(text, wanted.trim())),
  },
  { tolerance: 'by its first and last line, since lines between differ', find: anchoredBlocks },
];

/** `text` with `\n` alone, `wanted` not empty. No spans where it is nowhere. */
export const find = (text: string, wanted: string): Found => {
  // White space alone is everywhere, with any tolerance.
  const allowed = wanted.trim() === '' ? ways.slice(0, 1) : ways;
  for (const { tolerance, find: look } of allowed) {
    const spans = look(text, wanted);
    if (spans.length > 0) return { spans, tolerance };
  }
  return { spans: [], tolerance: null };
};
