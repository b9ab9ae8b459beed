import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import * as z from 'zod';
import { grep as declared } from '../declared/files.ts';
import { fitOutput } from './fit-output.ts';
import { fitView } from './fit-view.ts';
import type { HeldDirectory } from './held.ts';
import { oneLine, viewedNames } from './list.ts';
import type { AsksAs } from './place.ts';
import { Refused } from './refused.ts';
import { ripgrep } from './ripgrep.ts';
import { holdSearched, maxFound, type SearchPlace, searchAsks, searchPlace, shownPath } from './search-place.ts';
import { cutText } from './text.ts';
import { makeTool, type Outcome, type Situation } from './tool.ts';

export interface LineSearch {
  asks: AsksAs;
  path: string;
  pattern: string;
  /** Pattern of the names of files. */
  include: string | null;
  isCaseSensitive: boolean;
}

/** So many are looked at to find those of the files that were changed last: enough for any sharp pattern. */
const maxLookedAt = 2_000;
/** A longer line is data: its beginning says what it is. */
const shownChars = 300;

/** Text that is no UTF-8 comes as bytes. */
const text = z.union([
  z.object({ text: z.string() }).transform((each) => each.text),
  z.object({ bytes: z.base64() }).transform((each) => Buffer.from(each.bytes, 'base64').toString()),
]);
/** A line that was found, as ripgrep prints it; the first of them where several belong together. */
const found = z.object({
  type: z.literal('match'),
  data: z.object({ path: text, lines: text, line_number: z.int() }),
});

interface Line {
  path: string;
  /** Null when the line is so long that its record was cut. */
  number: number | null;
  text: string;
}

/** Lines by a regular expression, those of the file changed last first. Throws `Refused`. */
export const searchLines = async (situation: Situation, search: LineSearch): Promise<Outcome> => {
  const { asks, path, pattern, include, isCaseSensitive } = search;
  if (pattern === '') throw new Refused('The pattern is empty: say what to look for.');
  const where = await searchPlace(situation, path);
  const open = searchAsks(situation, asks, where, pattern, { pattern, path, ...(include === null ? {} : { include }) });
  if (open.length > 0) return { kind: 'asks', asks: open };
  const searched = await holdSearched(where);
  try {
    const lines: Line[] = [];
    const { isCut } = await ripgrep(
      searched,
      [
        '--json',
        // What Rust's expressions lack, such as (?=…), is tried with PCRE2.
        '--engine=auto',
        `--max-count=${maxFound}`,
        ...(isCaseSensitive ? [] : ['--ignore-case']),
        ...(/\n|\\n/.test(pattern) ? ['--multiline'] : []),
        ...(include === null ? [] : [`--glob=${include}`]),
        `--regexp=${pattern}`,
      ],
      { endsWith: 10, signal: situation.signal },
      (record) => {
        const line = lineOf(record);
        if (line) lines.push(line);
        return lines.length < maxLookedAt;
      },
    );
    return await shown(situation, search, where, await newestFirst(searched.held, lines), isCut);
  } finally {
    await searched.held.close();
  }
};

/** Null for a record that is no line. */
const lineOf = (record: Buffer): Line | null => {
  const json = record.toString();
  if (!json.startsWith('{"type":"match"')) return null;
  try {
    const { data } = found.parse(JSON.parse(json));
    return { path: data.path, number: data.line_number, text: data.lines.replace(/\r?\n$/, '') };
  } catch {
    // A record that was cut, with the path at its beginning.
    const path = /^\{"type":"match","data":\{"path":\{"text":("(?:[^"\\]|\\.)*")/.exec(json)?.[1];
    const parsed = path === undefined ? null : z.string().safeParse(JSON.parse(path));
    return parsed?.success ? { path: parsed.data, number: null, text: '(a line too long to be shown)' } : null;
  }
};

/** By file, and in a file by line. */
const newestFirst = async (held: HeldDirectory, lines: readonly Line[]): Promise<Line[]> => {
  const paths = [...new Set(lines.map(({ path }) => path))];
  const times = new Map(
    await Promise.all(
      paths.map(async (path) => [path, (await stat(held.at(path)).catch(() => null))?.mtimeMs ?? 0] as const),
    ),
  );
  // Files of the same time stay apart.
  const order = new Map(
    paths.toSorted((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0)).map((path, at) => [path, at]),
  );
  return lines.toSorted((a, b) => (order.get(a.path) ?? 0) - (order.get(b.path) ?? 0));
};

/** Of a binary file that was named itself, its lines have other signs than those of text. */
const printable = (line: string): string => line.replace(/\p{Cc}/gu, (sign) => (sign === '\t' ? sign : '\uFFFD'));

const shown = async (
  situation: Situation,
  { pattern }: LineSearch,
  where: SearchPlace,
  lines: readonly Line[],
  isCut: boolean,
): Promise<Outcome> => {
  const kept = lines.slice(0, maxFound);
  const isShort = isCut || lines.length > maxFound;
  const files = [...new Set(kept.map(({ path }) => path))];
  const blocks = files.map((path) => {
    const own = kept.filter((line) => line.path === path);
    const rows = own.map(
      ({ number, text: line }) => `  Line ${number ?? '?'}: ${cutText(printable(line.trimEnd()), shownChars)}`,
    );
    return `${oneLine(shownPath(where, path))}:\n${rows.join('\n')}`;
  });
  const count = `${isShort ? 'The first ' : ''}${kept.length} ${kept.length === 1 ? 'match' : 'matches'}`;
  const more = isShort ? '\n\n(There are more. Use a sharper pattern, a path, or include.)' : '';
  return {
    kind: 'done',
    title: pattern,
    text:
      kept.length === 0
        ? 'No matches found.'
        : await fitOutput(situation, 'grep.txt', `${count} in ${files.length} files\n\n${blocks.join('\n\n')}${more}`),
    view: fitView({
      kind: 'search',
      pattern,
      path: where.place.title,
      matches: kept.length,
      files: files.slice(0, viewedNames).map((path) => relative('.', path)),
      isCut: isShort,
    }),
    metadata: { matches: kept.length, truncated: isShort },
  };
};

export const grepTool = makeTool(declared, ({ pattern, path, include }, situation) =>
  searchLines(situation, {
    asks: { permission: 'grep', isAlias: false },
    path: path ?? '.',
    pattern,
    include: include ?? null,
    isCaseSensitive: true,
  }),
);
