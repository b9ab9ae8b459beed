import { relative } from 'node:path';
import * as z from 'zod';
import { cutText } from '../../../shared/text.ts';
import type { Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import { makeTool, type Situation } from '../call/tool.ts';
import { grep as declared } from '../declared/files.ts';
import { fitOutput } from './fit-output.ts';
import { fitView } from './fit-view.ts';
import { oneLine, viewedNames } from './list.ts';
import { maxLookedAt, newestFirst } from './newest-first.ts';
import type { AsksAs } from './place.ts';
import { ripgrep } from './ripgrep.ts';
import { holdSearched, maxFound, type SearchPlace, searchAsks, searchPlace, shownPath } from './search-place.ts';

export interface LineSearch {
  asks: AsksAs;
  path: string;
  pattern: string;
  /** Pattern of the names of files. */
  include: string | null;
  isCaseSensitive: boolean;
}

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
  data: z.object({ lines: text, line_number: z.int() }),
});

/** A record of ripgrep that is a line, not looked at further unless it is shown. */
interface Found {
  json: string;
  /** From where the search began. */
  path: string;
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
    const lines: Found[] = [];
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
        const line = foundIn(record.toString());
        if (line) lines.push(line);
        return lines.length < maxLookedAt;
      },
    );
    const sorted = newestFirst(searched.held, lines, ({ path }) => path);
    return await shown(situation, search, where, sorted, isCut);
  } finally {
    searched.held.close();
  }
};

const begin = '{"type":"match","data":{"path":';

/** Null for a record that is no line. */
const foundIn = (json: string): Found | null => {
  if (!json.startsWith(begin)) return null;
  // In a path every quotation mark has a sign before it.
  const end = json.indexOf('},"lines":{');
  const path = end === -1 ? null : text.safeParse(JSON.parse(json.slice(begin.length, end + 1)));
  return path?.success ? { json, path: path.data } : null;
};

/** Number and text of a line, as it is shown. A record that was cut has neither. */
const row = ({ json }: Found): string => {
  try {
    const { data } = found.parse(JSON.parse(json));
    return `  Line ${data.line_number}: ${cutText(printable(data.lines.trimEnd()), shownChars)}`;
  } catch {
    return '  (a line too long to be shown)';
  }
};

/** Of a binary file that was named itself, its lines have other signs than those of text. */
const printable = (line: string): string => line.replace(/\p{Cc}/gu, (sign) => (sign === '\t' ? sign : '\uFFFD'));

const shown = async (
  situation: Situation,
  { pattern }: LineSearch,
  where: SearchPlace,
  lines: readonly Found[],
  isCut: boolean,
): Promise<Outcome> => {
  const kept = lines.slice(0, maxFound);
  const isShort = isCut || lines.length > maxFound;
  const files = [...new Set(kept.map(({ path }) => path))];
  const blocks = files.map((path) => {
    const rows = kept.filter((line) => line.path === path).map(row);
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
