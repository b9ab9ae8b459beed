/** The ways to find a text that compare all of it. */
import type { Span } from './span.ts';

/** Every place of exactly this text; places do not overlap. */
export const occurrences = (text: string, wanted: string): Span[] => {
  const spans: Span[] = [];
  if (wanted === '') return spans;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length))
    spans.push({ start: at, end: at + wanted.length });
  return spans;
};

/** A text by lines, with where each begins. */
export interface Lines {
  lines: string[];
  starts: number[];
  /** The span from line `first` to line `last`; `withEnd`: with the line end behind it, where there is one. */
  span(first: number, last: number, withEnd: boolean): Span;
}

export const byLines = (text: string): Lines => {
  const lines = text.split('\n');
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length + 1;
  }
  const endOf = (line: number): number => (starts[line] ?? 0) + (lines[line] ?? '').length;
  return {
    lines,
    starts,
    span: (first, last, withEnd) => ({
      start: starts[first] ?? 0,
      end: withEnd && last + 1 < lines.length ? endOf(last) + 1 : endOf(last),
    }),
  };
};

/** What a model wants, by lines: a line end behind the last one means that of the file too. */
export const wantedLines = (wanted: string): { lines: string[]; withEnd: boolean } => {
  const withEnd = wanted.endsWith('\n');
  return { lines: (withEnd ? wanted.slice(0, -1) : wanted).split('\n'), withEnd };
};

/** Whole lines that are the same once `plain` has taken away from both what does not matter. */
export const lineBlocks = (text: string, wanted: string, plain: (line: string) => string): Span[] => {
  const { lines, span } = byLines(text);
  const { lines: wantedRaw, withEnd } = wantedLines(wanted);
  const sought = wantedRaw.map(plain);
  const first = sought[0];
  if (first === undefined || sought.every((line) => line === '')) return [];
  const own = lines.map(plain);
  const spans: Span[] = [];
  for (let at = own.indexOf(first); at !== -1 && at + sought.length <= own.length; ) {
    const isHere = sought.every((line, index) => own[at + index] === line);
    if (isHere) spans.push(span(at, at + sought.length - 1, withEnd));
    at = own.indexOf(first, at + (isHere ? sought.length : 1));
  }
  return spans;
};

/** Beyond this a text is not quoted from memory, and the expression for it would be large. */
const maxFlexibleChars = 2_000;

/** The same words in the same order, with any white space between them, also in the middle of lines. */
export const flexibleSpans = (text: string, wanted: string): Span[] => {
  const words = wanted.trim().split(/\s+/);
  // A single word would have been found exactly.
  if (words.length < 2 || wanted.length > maxFlexibleChars) return [];
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('\\s+');
  // No word that only ends or begins like it.
  const from = /^\w/.test(words[0] ?? '') ? '(?<!\\w)' : '';
  const to = /\w$/.test(words.at(-1) ?? '') ? '(?!\\w)' : '';
  const expression = new RegExp(`${from}${pattern}${to}`, 'g');
  return [...text.matchAll(expression)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
};
