import { relative } from 'node:path';
import type { Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import { makeTool, type Situation } from '../call/tool.ts';
import { glob as declared } from '../declared/files.ts';
import { fitOutput } from './fit-output.ts';
import { fitView } from './fit-view.ts';
import { oneLine, viewedNames } from './list.ts';
import { maxLookedAt, newestFirst } from './newest-first.ts';
import type { AsksAs } from './place.ts';
import { ripgrep } from './ripgrep.ts';
import { holdSearched, maxFound, searchAsks, searchPlace, shownPath, splitPattern } from './search-place.ts';

export interface NameSearch {
  asks: AsksAs;
  path: string;
  /** As the model said it. */
  pattern: string;
  /** For ripgrep: `--glob=…`. */
  filter: string;
}

/** Files by name, the one changed last first (`maxLookedAt`). Throws `Refused`. */
export const searchNames = async (
  situation: Situation,
  { asks, path, pattern, filter }: NameSearch,
): Promise<Outcome> => {
  const where = await searchPlace(situation, path);
  if (!where.isDirectory) throw new Refused(`${where.place.shown} is a file: name the directory to search in.`);
  const open = searchAsks(situation, asks, where, pattern, { pattern, path });
  if (open.length > 0) return { kind: 'asks', asks: open };
  const searched = await holdSearched(where);
  const found: string[] = [];
  try {
    const args = ['--files', '--null', filter];
    const { isCut } = await ripgrep(searched, args, { endsWith: 0, signal: situation.signal }, (record) => {
      found.push(record.toString());
      return found.length < maxLookedAt;
    });
    const sorted = newestFirst(searched.held, found, (each) => each);
    const shown = sorted.slice(0, maxFound).map((each) => oneLine(shownPath(where, each)));
    const isShort = isCut || found.length > maxFound;
    const more = isShort ? `\n\n(Only ${maxFound} of them: there are more. Use a narrower pattern or path.)` : '';
    const text = shown.length === 0 ? 'No files found.' : shown.join('\n') + more;
    return {
      kind: 'done',
      title: pattern,
      text: await fitOutput(situation, 'glob.txt', text),
      view: fitView({
        kind: 'search',
        pattern,
        path: where.place.title,
        matches: shown.length,
        files: shown.slice(0, viewedNames).map((each) => relative(where.place.shown, each)),
        isCut: isShort,
      }),
      metadata: { count: shown.length, truncated: isShort },
    };
  } finally {
    searched.held.close();
  }
};

export const globTool = makeTool(declared, (args, situation) => {
  const { pattern, path } = splitPattern(args.pattern, args.path ?? '.');
  return searchNames(situation, {
    asks: { permission: 'glob', isAlias: false },
    path,
    pattern: args.pattern,
    filter: `--glob=${pattern}`,
  });
});
