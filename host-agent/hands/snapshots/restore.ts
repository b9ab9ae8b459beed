/** Puts files back as a tree had them. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { sentenceOf } from '../call/refused.ts';
import type { Changes } from './compare.ts';
import { pathOf } from './names.ts';
import type { Objects } from './objects.ts';
import type { Entry } from './tree.ts';

/** What is to be at a path: null for nothing. */
export interface Wanted {
  path: string;
  entry: Entry | null;
}

export interface Restored {
  path: string;
  did: 'restored' | 'removed' | 'left';
  why: string | null;
}

/**
 * Removes and writes what is wanted, below `root`, never through a link, and each file whole or not at all. `folders`:
 * directories that were not there and go where nothing is left in them, and such as were there and come back. What
 * can't be done is said, and the rest is done. Cut short, it can be repeated.
 */
export const restore = (
  root: string,
  objects: Objects,
  wanted: readonly Wanted[],
  folders: Pick<Changes, 'foldersAdded' | 'foldersGone'>,
): Restored[] => {
  const removed = wanted
    .filter(({ entry }) => entry === null)
    .map(({ path }) =>
      attempt(path, 'removed', () => {
        requireRealParents(root, path);
        rmSync(pathOf(root, path), { force: true });
      }),
    );
  for (const path of folders.foldersAdded.toReversed()) ifPossible(root, path, () => rmdirSync(pathOf(root, path)));
  const written = wanted.flatMap(({ path, entry }) =>
    entry === null ? [] : [attempt(path, 'restored', () => write(root, objects, path, entry))],
  );
  for (const path of folders.foldersGone) ifPossible(root, path, () => makeFolder(root, path));
  return [...removed, ...written];
};

const attempt = (path: string, did: 'restored' | 'removed', work: () => void): Restored => {
  try {
    work();
    return { path, did, why: null };
  } catch (error) {
    return { path, did: 'left', why: sentenceOf(error) ?? (error instanceof Error ? error.message : String(error)) };
  }
};

/** Empty directories are no files of anybody's: that one stays or does not come back is no failure. */
const ifPossible = (root: string, path: string, work: () => void): void => {
  try {
    requireRealParents(root, path);
    work();
  } catch {
    // Something is in it, or in its way.
  }
};

const write = (root: string, objects: Objects, path: string, entry: Entry): void => {
  const content = objects.get(entry.hash); // First: nothing is touched for what is not kept.
  const slash = path.lastIndexOf('/');
  if (slash !== -1) makeFolder(root, path.slice(0, slash));
  requireRealParents(root, path);
  const target = pathOf(root, path);
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there?.isDirectory()) rmdirSync(target); // With anything in it, it stays, and this is not done.
  const fresh = pathOf(root, `${slash === -1 ? '' : path.slice(0, slash + 1)}.${randomUUID()}.new`);
  try {
    if (entry.kind === 'link') symlinkSync(content, fresh);
    else {
      writeFileSync(fresh, content, { flag: 'wx' });
      chmodSync(fresh, modeFor(entry, there, lstatSync(fresh)));
    }
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
};

/** Who may read and write stays as it is; who may read may run what may be run. */
const modeFor = ({ kind }: Entry, there: Stats | undefined, fresh: Stats): number => {
  const mode = (there?.isFile() ? there.mode : fresh.mode) & 0o777;
  const toRun = constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH;
  return kind === 'exec' ? mode | ((mode >> 2) & toRun) | constants.S_IXUSR : mode & ~toRun;
};

/** Makes a directory and those above it. Throws where something else is in the way. */
const makeFolder = (root: string, path: string): void => {
  const names = path.split('/');
  names.forEach((_, at) => {
    const here = pathOf(root, names.slice(0, at + 1).join('/'));
    const there = lstatSync(here, { throwIfNoEntry: false });
    if (!there) mkdirSync(here);
    else if (!there.isDirectory()) throw new Error(`${names[at]} is in the way: it is not a directory.`);
  });
};

/** Throws where a directory above a path is none, or a link. */
const requireRealParents = (root: string, path: string): void => {
  const names = path.split('/').slice(0, -1);
  names.forEach((name, at) => {
    const there = lstatSync(pathOf(root, names.slice(0, at + 1).join('/')), { throwIfNoEntry: false });
    if (there && !there.isDirectory()) throw new Error(`${name} is in the way: it is not a directory.`);
  });
};
