/** What differs between two trees, found by looking only where they do. */
import { joined } from './names.ts';
import type { Objects } from './objects.ts';
import { type Entry, emptyTree, type Tree, treeOfBytes } from './tree.ts';

/** A file or link that one of the trees has and the other has not, or has otherwise. */
export interface Change {
  path: string;
  before: Entry | null;
  after: Entry | null;
}

export interface Changes {
  /** By path. */
  files: Change[];
  /** Directories that only the second has, outer ones first; and those that only the first has. */
  foldersAdded: string[];
  foldersGone: string[];
}

export const readTree = (objects: Objects, hash: string): Tree => treeOfBytes(objects.get(hash));

/**
 * What changes from the tree `from` to the tree `to`. What one of them left out by rule is no change: nobody knows what
 * it was. Throws `NotKept`.
 */
export const changesBetween = (objects: Objects, from: string, to: string): Changes => {
  const found: Changes = { files: [], foldersAdded: [], foldersGone: [] };
  if (from !== to) compare(objects, '', readTree(objects, from), readTree(objects, to), found);
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return found;
};

const compare = (objects: Objects, folder: string, from: Tree, to: Tree, found: Changes): void => {
  for (const name of new Set([...from.entries.keys(), ...to.entries.keys()])) {
    const before = from.entries.get(name) ?? null;
    const after = to.entries.get(name) ?? null;
    if (before && after && before.kind === after.kind && before.hash === after.hash) continue;
    if ((!before && from.leftOut.has(name)) || (!after && to.leftOut.has(name))) continue;
    const path = joined(folder, name);
    const [fileBefore, fileAfter] = [fileOf(before), fileOf(after)];
    if (fileBefore || fileAfter) found.files.push({ path, before: fileBefore, after: fileAfter });
    if (before?.kind !== 'tree' && after?.kind !== 'tree') continue;
    if (before?.kind !== 'tree') found.foldersAdded.push(path);
    if (after?.kind !== 'tree') found.foldersGone.push(path);
    compare(objects, path, treeOf(objects, before), treeOf(objects, after), found);
  }
};

const fileOf = (entry: Entry | null): Entry | null => (entry?.kind === 'tree' ? null : entry);

const treeOf = (objects: Objects, entry: Entry | null): Tree =>
  entry?.kind === 'tree' ? readTree(objects, entry.hash) : emptyTree;

export const isSameEntry = (a: Entry | null, b: Entry | null): boolean =>
  a === b || (a !== null && b !== null && a.kind === b.kind && a.hash === b.hash);

/** Reads trees, each once. */
export const treeReader = (objects: Objects): ((hash: string) => Tree) => {
  const read = new Map<string, Tree>();
  return (hash) => {
    const tree = read.get(hash) ?? readTree(objects, hash);
    read.set(hash, tree);
    return tree;
  };
};

/** What a tree has at a path; `leftOut` where a rule left out it or a directory above it. Throws `NotKept`. */
export const entryAt = (read: (hash: string) => Tree, tree: string, path: string): Entry | null | 'leftOut' => {
  let entry: Entry = { kind: 'tree', hash: tree, size: 0 };
  for (const name of path.split('/')) {
    if (entry.kind !== 'tree') return null;
    const { entries, leftOut } = read(entry.hash);
    if (leftOut.has(name)) return 'leftOut';
    const next = entries.get(name);
    if (!next) return null;
    entry = next;
  }
  return entry;
};
