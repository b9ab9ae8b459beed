import { cutText } from '../../../../shared/text.ts';
import { Refused } from '../../call/refused.ts';
import { plainText } from '../editing/line-ends.ts';
import { nearest } from '../editing/nearest.ts';
import { plainSigns } from '../editing/plain-signs.ts';
import type { Hunk } from './parse.ts';

/** Lines from `at`, `olds` of them, give way to `fresh`. */
interface Replacement {
  at: number;
  olds: number;
  fresh: string[];
}

/**
 * The text of a file after `hunks`, each looked for behind the one before. Line ends stay as the file has them, a last
 * line without one too. `mayQuote`: what the file has may be told. Throws `Refused` when the lines of one are nowhere.
 */
export const applyHunks = (text: string, hunks: readonly Hunk[], name: string, mayQuote: boolean): string => {
  const { plain, original, inItsWay } = plainText(text);
  const lines = plain === '' ? [] : plain.split('\n');
  const hasLastEnd = lines.at(-1) === '' || lines.length === 0;
  if (lines.at(-1) === '') lines.pop();
  const starts = startsOf(lines);
  let changed = '';
  let from = 0;
  const found = replacements(lines, hunks, name, mayQuote ? plain : null);
  // Lines that only come may go to the end, wherever the next place is.
  for (const { at, olds, fresh } of found.toSorted((a, b) => a.at - b.at)) {
    const start = Math.min(starts[at] ?? plain.length, plain.length);
    const end = Math.min(starts[at + olds] ?? plain.length, plain.length);
    const isLast = at + olds >= lines.length;
    // What is put behind a last line without a line end needs one before it.
    const gap = at >= lines.length && !hasLastEnd && lines.length > 0 && fresh.length > 0 ? '\n' : '';
    const joined = fresh.join('\n') + (fresh.length > 0 && (!isLast || hasLastEnd) ? '\n' : '');
    changed += text.slice(original(from), original(start)) + inItsWay(gap + joined);
    from = end;
  }
  return changed + text.slice(original(from));
};

const startsOf = (lines: readonly string[]): number[] => {
  let at = 0;
  return lines.map((line) => {
    const start = at;
    at += line.length + 1;
    return start;
  });
};

const replacements = (
  lines: readonly string[],
  hunks: readonly Hunk[],
  name: string,
  quotable: string | null,
): Replacement[] => {
  let from = 0;
  return hunks.map(({ context, old, fresh, isAtEnd }, index) => {
    const which = hunks.length > 1 ? `Place ${index + 1} of ${hunks.length} in ${name}: ` : `${name}: `;
    for (const line of context) {
      const whole = seek(lines, [line], from, false);
      // Models name a function by a part of its line.
      const at = whole === -1 ? lines.findIndex((own, index) => index >= from && own.includes(line)) : whole;
      if (at === -1)
        throw new Refused(`${which}the line "${cutText(line, 200)}" behind @@ is not in the rest of the file.`);
      from = at + 1;
    }
    // Only lines that come: at the end, or behind the line that was named.
    if (old.length === 0) return { at: context.length > 0 && !isAtEnd ? from : lines.length, olds: 0, fresh };
    const found = place(lines, old, fresh, from, isAtEnd);
    if (!found) {
      const quote = quotable === null ? ' Read the file first.' : nearest(quotable, old.join('\n'));
      const before =
        from > 0 && place(lines, old, fresh, 0, isAtEnd)
          ? ' They are further above: places come in the order of the file.'
          : quote;
      throw new Refused(`${which}its lines are not in the file.${before}`);
    }
    from = found.at + found.olds;
    return found;
  });
};

/** Empty lines that a model put at the end are left away when they are not in the file. */
const place = (
  lines: readonly string[],
  old: string[],
  fresh: string[],
  from: number,
  isAtEnd: boolean,
): Replacement | null => {
  const at = seek(lines, old, from, isAtEnd);
  if (at !== -1) return { at, olds: old.length, fresh: keptLines(lines, at, old, fresh) };
  if (old.at(-1) !== '' || old.length === 1) return null;
  const shorter = fresh.at(-1) === '' ? fresh.slice(0, -1) : fresh;
  return place(lines, old.slice(0, -1), shorter, from, isAtEnd);
};

/** Lines that stay keep what the file has, where the model's differ in white space. */
const keptLines = (
  lines: readonly string[],
  at: number,
  old: readonly string[],
  fresh: readonly string[],
): string[] => {
  const own = new Map(old.map((line, index) => [line, lines[at + index] ?? line]));
  return fresh.map((line) => own.get(line) ?? line);
};

/** From exact to tolerant. */
const ways: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => plainSigns(line).trim(),
];

/** Where `sought` is among the lines from `from` on, at their end if that is said and it is there; -1 for nowhere. */
const seek = (lines: readonly string[], sought: readonly string[], from: number, isAtEnd: boolean): number => {
  for (const way of ways) {
    const own = way === ways[0] ? lines : lines.map(way);
    const wanted = sought.map(way);
    const isAt = (at: number): boolean => at >= from && wanted.every((line, index) => own[at + index] === line);
    const last = lines.length - sought.length;
    if (isAtEnd && last >= from && isAt(last)) return last;
    for (let at = from; at <= last; at++) if (isAt(at)) return at;
  }
  return -1;
};
