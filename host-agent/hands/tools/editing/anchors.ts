/** The way to find a block of which a model remembers the first and last line well, and those between nearly. */
import type { Span } from './span.ts';
import { byLines, wantedLines } from './spans.ts';

/** So alike the lines between have to be, 1 being the same: OpenCode's own number in 1.18. */
const leastSimilarity = 0.65;
/** By how much the best has to be better than the next: below, nobody knows which one is meant. */
const leastLead = 0.1;
/** The block may have a quarter more or fewer lines than was said, so that no other function lies between. */
const lengthTolerance = 0.25;

/** Comparing is quadratic: a longer block is not quoted from memory, and more than a few places are no help. */
const maxLines = 400;
const maxCandidates = 10;

/** The one block that is clearly meant, or none. */
export const anchoredBlocks = (text: string, wanted: string): Span[] => {
  const { lines, span } = byLines(text);
  const { lines: sought, withEnd } = wantedLines(wanted);
  const first = sought[0]?.trim();
  const last = sought.at(-1)?.trim();
  // Without lines between there is nothing to compare, and an anchor without a letter (`}`) is none.
  if (sought.length < 3 || sought.length > maxLines || !first || !last || !/\w/.test(first)) return [];
  const slack = Math.max(1, Math.floor(sought.length * lengthTolerance));
  const candidates: { from: number; to: number }[] = [];
  lines.forEach((line, from) => {
    if (line.trim() !== first) return;
    for (let to = from + Math.max(2, sought.length - 1 - slack); to <= from + sought.length - 1 + slack; to++)
      if (lines[to]?.trim() === last) candidates.push({ from, to });
  });
  if (candidates.length > maxCandidates) return [];
  const [best, next] = candidates
    .map(({ from, to }) => ({
      span: span(from, to, withEnd),
      similarity: alike(lines.slice(from + 1, to), sought.slice(1, -1)),
    }))
    .filter((each) => each.similarity >= leastSimilarity)
    .sort((a, b) => b.similarity - a.similarity);
  if (!best || (next && best.similarity - next.similarity < leastLead)) return [];
  return [best.span];
};

/** How alike two lists of lines are, from 0 to 1, line by line from the beginning and from the end, what is better. */
const alike = (own: readonly string[], sought: readonly string[]): number => {
  const most = Math.max(own.length, sought.length);
  if (most === 0) return 1;
  const pairs = (shift: number): number =>
    sought.reduce((sum, line, index) => sum + similarity(own[index + shift]?.trim(), line.trim()), 0) / most;
  return Math.max(pairs(0), pairs(own.length - sought.length));
};

/** A line beyond this is compared by its beginning. */
const comparedChars = 200;

/** 1 for the same line, 0 for one that has nothing in common or is not there. */
export const similarity = (a: string | undefined, b: string): number => {
  if (a === undefined) return 0;
  if (a === b) return 1;
  // They differ, so one of them has a character.
  const longer = Math.max(a.length, b.length);
  const apart = distance(a.slice(0, comparedChars), b.slice(0, comparedChars));
  return 1 - apart / Math.min(longer, comparedChars);
};

/** How many characters have to be put in, left out or exchanged to make one of the other (Levenshtein). */
const distance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const exchanged = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(exchanged, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[b.length] ?? 0;
};
