/** Changes as people are shown them: files with counts of lines, and what differs as a unified diff. */
import { type ChangedFile, maxDiffChars } from '../../../shared/changes.ts';
import { beginningOf } from '../../../shared/text.ts';
import { unifiedDiff } from '../tools/editing/unified-diff.ts';
import { decode, isBinary } from '../tools/text.ts';
import type { Change } from './compare.ts';
import { quotedPath, shownPath } from './names.ts';
import type { Objects } from './objects.ts';
import type { Entry } from './tree.ts';

/** A change, or two that are one: what is gone here and is there with the same content was renamed. */
export interface Shown extends Change {
  /** Of what was renamed: its path before. */
  from: string | null;
}

/** Comparing lines of more than this would hold up what an actor runs beside it. */
const maxTextBytes = 2 * 1024 * 1024;

/** Puts what was renamed, with the very same content, together. By path. */
export const withRenames = (changes: readonly Change[]): Shown[] => {
  const gone = new Map<string, Change[]>();
  for (const change of changes) {
    const { before, after } = change;
    if (!before || after || before.size === 0) continue; // Empty files are all the same.
    const key = `${before.kind} ${before.hash}`;
    gone.set(key, [...(gone.get(key) ?? []), change]);
  }
  const taken = new Set<Change | undefined>();
  const shown = changes.map((change): Shown => {
    const { path, before, after } = change;
    const found = !before && after ? gone.get(`${after.kind} ${after.hash}`)?.shift() : undefined;
    if (!found) return { ...change, from: null };
    taken.add(found);
    return { path, before: found.before, after, from: found.path };
  });
  return shown.filter((_, at) => !taken.has(changes[at]));
};

/** What has changed, and the diff where it is text. A content that is not kept any more is said as not kept. */
export const describe = (objects: Objects, shown: Shown): { file: ChangedFile; diff: string | null; cut: boolean } => {
  const { path, before, after, from } = shown;
  const file = {
    path: shownPath(path),
    change: changeOf(shown),
    from: from === null ? null : shownPath(from),
    kind: (after ?? before)?.kind === 'link' ? ('link' as const) : ('file' as const),
  };
  const nothing = { added: null, removed: null };
  const isKept = before?.kind !== 'unkept' && after?.kind !== 'unkept';
  const [old, fresh] = [textOf(objects, before), textOf(objects, after)];
  if (!isKept || old === undefined || fresh === undefined)
    return { file: { ...file, ...nothing, binary: false, kept: false }, diff: null, cut: false };
  if (old === 'binary' || fresh === 'binary')
    return { file: { ...file, ...nothing, binary: true, kept: true }, diff: null, cut: false };
  const names = { old: quotedPath(`a/${from === null ? file.path : file.from}`), fresh: quotedPath(`b/${file.path}`) };
  const { text, addedLines, removedLines } = unifiedDiff(
    names.old,
    names.fresh,
    old?.text ?? null,
    fresh?.text ?? null,
  );
  const diff = `${headOf(shown, names)}${text}`;
  return {
    file: { ...file, added: addedLines, removed: removedLines, binary: false, kept: true },
    diff: beginningOf(diff, maxDiffChars),
    cut: diff.length > maxDiffChars,
  };
};

const changeOf = ({ before, after, from }: Shown): ChangedFile['change'] => {
  if (from !== null) return 'renamed';
  if (before === null) return 'added';
  return after === null ? 'deleted' : 'modified';
};

/** Lines before the diff itself, in git's words: what a diff of lines does not say. */
const headOf = ({ before, after, from }: Shown, { old, fresh }: { old: string; fresh: string }): string => {
  const lines = [`diff --git ${old} ${fresh}`];
  const [was, is] = [before && modeOf(before), after && modeOf(after)];
  if (was === null) lines.push(`new file mode ${is}`);
  else if (is === null) lines.push(`deleted file mode ${was}`);
  else if (was !== is) lines.push(`old mode ${was}`, `new mode ${is}`);
  if (from !== null) lines.push(`rename from ${quotedPath(shownPath(from))}`, `rename to ${fresh.replace('b/', '')}`);
  return `${lines.join('\n')}\n`;
};

const modeOf = ({ kind }: Entry): string => (kind === 'link' ? '120000' : kind === 'exec' ? '100755' : '100644');

/** Null: there is none. Undefined: it is not kept. */
const textOf = (objects: Objects, entry: Entry | null): { text: string } | null | 'binary' | undefined => {
  if (entry === null) return null;
  if (entry.kind === 'unkept') return undefined;
  if (entry.size > maxTextBytes) return 'binary';
  let bytes: Buffer;
  try {
    bytes = objects.get(entry.hash);
  } catch {
    return undefined;
  }
  return isBinary(bytes) ? 'binary' : { text: decode(bytes).text.toWellFormed() };
};
