/** The patch language that GPT models are trained on: `*** Begin Patch`, files with a header each, `*** End Patch`. */
import { Refused } from '../../call/refused.ts';

/** A place in a file: lines as they are, and as they are to be. */
export interface Hunk {
  /** A line above the place, such as that of a function; there may be several, from outside to inside. */
  context: string[];
  old: string[];
  fresh: string[];
  isAtEnd: boolean;
}

export type FilePatch =
  | { kind: 'add'; path: string; text: string }
  | { kind: 'delete'; path: string }
  | { kind: 'update'; path: string; to: string | null; hunks: Hunk[] };

/** Throws `Refused` for what is no patch, with the line and what it should be. */
export const parsePatch = (patchText: string): FilePatch[] => {
  const { lines, offset } = bodyOf(patchText.replaceAll('\r\n', '\n'));
  const patches: FilePatch[] = [];
  let at = 0;
  const wrong = (what: string): Refused => new Refused(`Line ${offset + at + 1} of the patch: ${what}`);
  /** The lines from here to the next header. */
  const section = (): string[] => {
    const from = at;
    while (at < lines.length && !isHeader(lines[at] ?? '')) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const header = headerOf(line);
    if (!header) {
      if (line.trim() !== '')
        throw wrong(`"${line.slice(0, 80)}" is no header of a file, such as "*** Update File: path".`);
      at++;
      continue;
    }
    const { kind, path } = header;
    if (path === '') throw wrong('the header names no file.');
    at++;
    if (kind === 'Delete') patches.push({ kind: 'delete', path });
    else if (kind === 'Add') {
      const added = section();
      const stray = added.findIndex((each) => !each.startsWith('+') && each.trim() !== '');
      if (stray !== -1) {
        at -= added.length - stray;
        throw wrong('each line of a file that is added begins with +.');
      }
      const text = added.filter((each) => each.startsWith('+')).map((each) => `${each.slice(1)}\n`);
      patches.push({ kind: 'add', path, text: text.join('') });
    } else {
      const to = /^\*\*\* Move to:(.*)$/.exec(lines[at] ?? '')?.[1]?.trim() ?? null;
      if (to !== null) at++;
      const from = at;
      const hunks = hunksOf(section(), (line, what) => {
        at = from + line;
        return wrong(what);
      });
      if (hunks.length === 0 && to === null) throw wrong(`nothing is changed in ${path}.`);
      patches.push({ kind: 'update', path, to, hunks });
    }
  }
  if (patches.length === 0) throw new Refused('The patch is empty: it names no file.');
  return patches;
};

const headerOf = (line: string): { kind: 'Add' | 'Update' | 'Delete'; path: string } | null => {
  const [, kind, path] = /^\*\*\* (Add|Update|Delete) File:(.*)$/.exec(line.trimEnd()) ?? [];
  return kind === 'Add' || kind === 'Update' || kind === 'Delete' ? { kind, path: path?.trim() ?? '' } : null;
};

const isHeader = (line: string): boolean => headerOf(line) !== null;

/** What is between the marks; models put a here-document of a shell or a code block around them now and then. */
const bodyOf = (text: string): { lines: string[]; offset: number } => {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => line.trim() === '*** Begin Patch');
  const end = lines.findLastIndex((line) => line.trim() === '*** End Patch');
  if (begin === -1) throw new Refused('This is no patch: the line "*** Begin Patch" is missing.');
  if (end < begin) throw new Refused('The patch has no end: the line "*** End Patch" is missing. Was it cut off?');
  return { lines: lines.slice(begin + 1, end), offset: begin + 1 };
};

const hunksOf = (lines: readonly string[], wrong: (line: number, what: string) => Refused): Hunk[] => {
  const hunks: Hunk[] = [];
  let open: Hunk | null = null;
  const begin = (context: string[]): Hunk => {
    const hunk = { context, old: [], fresh: [], isAtEnd: false };
    hunks.push(hunk);
    return hunk;
  };
  lines.forEach((line, index) => {
    if (line.startsWith('@@')) {
      // `@@ -1,4 +1,5 @@` of other patches says nothing that can be relied on.
      const context = line
        .slice(2)
        .trim()
        .replace(/^-\d+(,\d+)? \+\d+(,\d+)? @@ ?/, '');
      const isDeeper = open !== null && open.old.length === 0 && open.fresh.length === 0;
      if (open && isDeeper) open.context.push(context);
      else open = begin(context === '' ? [] : [context]);
      return;
    }
    if (line.trimEnd() === '*** End of File') {
      if (open) open.isAtEnd = true;
      return;
    }
    // The first place of a file may come without its mark.
    open ??= begin([]);
    const rest = line.slice(1);
    if (line.startsWith('+')) open.fresh.push(rest);
    else if (line.startsWith('-')) open.old.push(rest);
    // An empty line stands for one with a space: editors and models take that away.
    else if (line.startsWith(' ') || line === '') {
      open.old.push(rest);
      open.fresh.push(rest);
    } else throw wrong(index, 'a line begins with a space, - or +; a place in the file with @@.');
  });
  return hunks.filter(({ old, fresh }) => old.length > 0 || fresh.length > 0);
};
