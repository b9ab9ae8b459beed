import { lineDiff, type Stretch } from './line-diff.ts';

export interface UnifiedDiff {
  /** Empty when nothing differs. */
  text: string;
  addedLines: number;
  removedLines: number;
}

/** As every tool shows them. */
const contextLines = 3;
/** A last line without a line end is another line than one with it. */
const noLineEnd = '\n\\ No newline at end of file';

/** What changes from `before` to `after` (null: there is no such file), as `diff -u` prints it under these names. */
export const unifiedDiff = (from: string, to: string, before: string | null, after: string | null): UnifiedDiff => {
  const stretches = lineDiff(linesOf(before ?? ''), linesOf(after ?? ''));
  const hunks = hunksOf(stretches);
  if (hunks.length === 0) return { text: '', addedLines: 0, removedLines: 0 };
  const header = `--- ${before === null ? '/dev/null' : from}\n+++ ${after === null ? '/dev/null' : to}`;
  const count = (kind: 'added' | 'removed'): number =>
    stretches.reduce((sum, stretch) => sum + (stretch.kind === 'changed' ? stretch[kind].length : 0), 0);
  return {
    text: `${[header, ...hunks].join('\n')}\n`,
    addedLines: count('added'),
    removedLines: count('removed'),
  };
};

const linesOf = (text: string): string[] => {
  if (text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return last === '' ? lines : [...lines, last + noLineEnd];
};

interface Hunk {
  oldFrom: number;
  freshFrom: number;
  olds: number;
  freshes: number;
  lines: string[];
}

const hunksOf = (stretches: readonly Stretch[]): string[] => {
  const hunks: Hunk[] = [];
  let at = { old: 1, fresh: 1 };
  let open: Hunk | null = null;
  stretches.forEach((stretch, index) => {
    if (stretch.kind === 'same') {
      const { lines } = stretch;
      const isLast = index === stretches.length - 1;
      if (open && !isLast && lines.length <= 2 * contextLines) keep(open, lines);
      else if (open) {
        keep(open, lines.slice(0, contextLines));
        open = null;
      }
      at = { old: at.old + lines.length, fresh: at.fresh + lines.length };
      return;
    }
    if (!open) {
      const before = stretches[index - 1];
      const context = before?.kind === 'same' ? before.lines.slice(-contextLines) : [];
      open = { oldFrom: at.old - context.length, freshFrom: at.fresh - context.length, olds: 0, freshes: 0, lines: [] };
      keep(open, context);
      hunks.push(open);
    }
    for (const line of stretch.removed) open.lines.push(`-${line}`);
    for (const line of stretch.added) open.lines.push(`+${line}`);
    open.olds += stretch.removed.length;
    open.freshes += stretch.added.length;
    at = { old: at.old + stretch.removed.length, fresh: at.fresh + stretch.added.length };
  });
  return hunks.map(
    ({ oldFrom, freshFrom, olds, freshes, lines }) =>
      `@@ -${range(oldFrom, olds)} +${range(freshFrom, freshes)} @@\n${lines.join('\n')}`,
  );
};

const keep = (hunk: Hunk, lines: readonly string[]): void => {
  for (const line of lines) hunk.lines.push(` ${line}`);
  hunk.olds += lines.length;
  hunk.freshes += lines.length;
};

/** Of no lines, the place is the line before it. */
const range = (from: number, count: number): string =>
  count === 1 ? `${from}` : `${count === 0 ? from - 1 : from},${count}`;
