import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { notGranted, type Outcome } from '../call/outcome.ts';
import { Refused } from '../call/refused.ts';
import type { Situation } from '../call/tool.ts';
import { fitOutput } from './fit-output.ts';
import { fitView } from './fit-view.ts';
import { type HeldDirectory, holdDirectory } from './held.ts';
import { entryName, sorted, viewedNames } from './list.ts';
import { notFound } from './not-found.ts';
import { type AsksAs, asksFor, locate } from './place.ts';

/** As many lines as a model is shown. */
const maxEntries = 1_000;
/** What others wrote: thousands of files that say nothing about the project. */
const closed = new Set(['.git', 'node_modules', '__pycache__', '.venv']);

interface Branch {
  name: string;
  inner: Branch[];
}

interface Walk {
  signal: AbortSignal;
  /** Entries that may still be listed. */
  left: number;
  total: number;
}

/** The directory at `given` as a tree, `maxDepth` levels deep. Throws `Refused`, and what the file system says. */
export const listTree = async (situation: Situation, given: string, maxDepth: number, as: AsksAs): Promise<Outcome> => {
  const place = await locate(situation, given);
  const open = notGranted(asksFor(as, [{ place, kind: 'directory' }], {}), situation.granted);
  if (open.length > 0) return { kind: 'asks', asks: open };
  let root: HeldDirectory;
  try {
    root = await holdDirectory(place.real);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Refused(await notFound(place));
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR')
      throw new Refused(`${place.shown} is a file. Read it, or list the directory that it is in.`);
    throw error;
  }
  const walk: Walk = { signal: situation.signal, left: maxEntries, total: 0 };
  const branches = await branchesOf(root, maxDepth, walk);
  const lines = branches.flatMap((branch) => rendered(branch, ''));
  const end = walk.left === 0 ? `\n\n(Cut at ${maxEntries} entries. List a directory in it, or fewer levels.)` : '';
  return {
    kind: 'done',
    title: place.title,
    text: await fitOutput(situation, 'tree.txt', lines.length === 0 ? '(empty)' : lines.join('\n') + end),
    view: fitView({
      kind: 'tree',
      path: place.title,
      entries: walk.total,
      names: lines.slice(0, viewedNames),
      isCut: lines.length > viewedNames || walk.left === 0,
    }),
  };
};

/** All of a level comes before what is below it, so that what is cut is deep and not late in the alphabet. */
const branchesOf = async (root: HeldDirectory, maxDepth: number, walk: Walk): Promise<Branch[]> => {
  const top: Branch[] = [];
  let level: { open: () => Promise<HeldDirectory>; into: Branch[]; path: string }[] = [
    { open: async () => root, into: top, path: root.path },
  ];
  for (let depth = 1; depth <= maxDepth && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { open, into, path } of level) {
      walk.signal.throwIfAborted();
      if (walk.left === 0) break;
      const held = await open().catch(() => null); // Not for us to read, or gone meanwhile.
      if (!held) continue;
      try {
        for (const entry of sorted(await readdir(held.at(), { withFileTypes: true }))) {
          if (walk.left === 0) break;
          const branch = { name: await treeName(held, entry), inner: [] };
          into.push(branch);
          walk.left--;
          walk.total++;
          const inner = join(path, entry.name);
          if (entry.isDirectory() && !closed.has(entry.name))
            next.push({ open: () => holdDirectory(inner), into: branch.inner, path: inner });
        }
      } finally {
        held.close();
      }
    }
    level = next;
  }
  return top;
};

const treeName = async (held: HeldDirectory, entry: Dirent): Promise<string> => {
  const name = await entryName(held, entry);
  return entry.isDirectory() && closed.has(entry.name) ? `${name} (not opened)` : name;
};

const rendered = ({ name, inner }: Branch, indentation: string): string[] => [
  indentation + name,
  ...inner.flatMap((each) => rendered(each, `${indentation}  `)),
];
