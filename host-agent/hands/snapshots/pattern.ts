/**
 * Patterns of `.gitignore` (gitignore(5)), matched in time that grows with pattern times path: the lines are an
 * agent's, and a regular expression made of them could take for ever.
 */

type Sign =
  | { kind: 'is'; char: string }
  | { kind: 'any' }
  | { kind: 'star' }
  | { kind: 'class'; has(char: string): boolean };
/** One part of a path: any number of parts (`**`), or signs. */
type Part = '**' | readonly Sign[];

export interface Pattern {
  /** It takes out what others left out. */
  isNegated: boolean;
  /** It means directories alone. */
  isOfFolders: boolean;
  /** Whether it means this path below the directory of its file. */
  matches(path: string): boolean;
}

/** A line of a file; null for one that says nothing. */
export const patternOf = (line: string): Pattern | null => {
  let text = withoutEnd(line);
  if (text === '' || text.startsWith('#')) return null;
  const isNegated = text.startsWith('!');
  if (isNegated) text = text.slice(1);
  const isOfFolders = text.endsWith('/');
  if (isOfFolders) text = text.slice(0, -1);
  const isAnchored = text.includes('/');
  if (text.startsWith('/')) text = text.slice(1);
  if (text === '') return null;
  if (!isAnchored) {
    const signs = signsOf(text);
    return {
      isNegated,
      isOfFolders,
      matches: (path) => matchesName(signs, path.slice(path.lastIndexOf('/') + 1)),
    };
  }
  const parts = text.split('/').map((part): Part => (part === '**' ? '**' : signsOf(part)));
  return { isNegated, isOfFolders, matches: (path) => matchesPath(parts, path.split('/')) };
};

/** Spaces at the end count only behind a backslash. */
const withoutEnd = (line: string): string => {
  let text = line.endsWith('\r') ? line.slice(0, -1) : line;
  while (text.endsWith(' ') && !text.endsWith('\\ ')) text = text.slice(0, -1);
  return text;
};

const signsOf = (text: string): Sign[] => {
  const signs: Sign[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\\' && at + 1 < text.length) signs.push({ kind: 'is', char: text[++at] ?? '' });
    else if (char === '*') {
      if (signs.at(-1)?.kind !== 'star') signs.push({ kind: 'star' });
    } else if (char === '?') signs.push({ kind: 'any' });
    else {
      const found = char === '[' ? classAt(text, at) : { sign: { kind: 'is' as const, char }, end: at };
      if (!found) return [nothing]; // As git has it: one that is not closed means no file.
      signs.push(found.sign);
      at = found.end;
    }
  }
  return signs;
};

const nothing: Sign = { kind: 'class', has: () => false };

/** `[a-z]`, `[!x]`; null where it is not closed. */
const classAt = (text: string, from: number): { sign: Sign; end: number } | null => {
  let at = from + 1;
  const isOther = text[at] === '!' || text[at] === '^';
  if (isOther) at++;
  const ranges: [string, string][] = [];
  for (let isFirst = true; text[at] !== ']' || isFirst; isFirst = false) {
    if (text[at] === '\\') at++;
    const low = text[at];
    if (low === undefined) return null;
    const high = text[at + 1] === '-' && text[at + 2] !== ']' ? text[at + 2] : undefined;
    ranges.push([low, high ?? low]);
    at += high === undefined ? 1 : 3;
  }
  const has = (char: string): boolean => ranges.some(([low, high]) => low <= char && char <= high) !== isOther;
  return { sign: { kind: 'class', has }, end: at };
};

const fitsSign = (sign: Sign, char: string): boolean => {
  switch (sign.kind) {
    case 'is':
      return sign.char === char;
    case 'any':
      return true;
    case 'class':
      return sign.has(char);
    case 'star':
      return false;
  }
};

/** Only the last star is ever gone back to: what an earlier one could take, the last one can too. */
const isMatch = <One>(
  pattern: readonly One[],
  text: ArrayLike<string>,
  isStar: (one: One) => boolean,
  fits: (one: One, at: string) => boolean,
): boolean => {
  let [at, star, taken, from] = [0, -1, 0, 0];
  while (from < text.length) {
    const one = pattern[at];
    if (one !== undefined && isStar(one)) {
      star = at++;
      taken = from;
    } else if (one !== undefined && fits(one, text[from] ?? '')) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++taken;
    } else return false;
  }
  return pattern.slice(at).every(isStar);
};

const matchesName = (signs: readonly Sign[], name: string): boolean =>
  isMatch(signs, name, ({ kind }) => kind === 'star', fitsSign);

const matchesParts = (parts: readonly Part[], path: readonly string[]): boolean =>
  isMatch(
    parts,
    path,
    (part) => part === '**',
    (part, name) => part !== '**' && matchesName(part, name),
  );

/** `a/**` means what is in `a`, not `a` itself: some beginning of the path has to be `a`. */
const matchesPath = (parts: readonly Part[], path: readonly string[]): boolean => {
  const [last, first] = [parts.at(-1), parts.slice(0, -1)];
  if (last !== '**' || first.length === 0) return matchesParts(parts, path);
  return path.slice(0, -1).some((_, at) => matchesParts(first, path.slice(0, at + 1)));
};
