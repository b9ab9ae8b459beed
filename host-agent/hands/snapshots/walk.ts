/** A look at a whole tree: what has changed since the last look is read and kept, the rest is only looked at. */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Clock, wait } from '../../../shared/clock.ts';
import type { Folder, Known, Stamp } from './folder.ts';
import { joined, namesIn, pathOf } from './names.ts';
import type { Objects } from './objects.ts';
import { isAsKnown, maxFileBytes, readKnown, stamp } from './read-file.ts';
import { maxRulesBytes, type Rules, rootRules, rulesBelow } from './rules.ts';
import { bytesOfTree, type Entry } from './tree.ts';

/** Beyond this a tree is no sources of a person's, and no snapshot is made of it. */
export const maxFiles = 100_000;
/** The same of bytes, files that are too large to be kept left out. */
export const maxTreeBytes = 1024 * 1024 * 1024;
/**
 * So long an actor looks at files without doing anything else: an ordinary border has no pause, a first look, which
 * reads for seconds, has many.
 */
const sliceMs = 50;

/** There are more than `maxFiles`, or more in them than `maxTreeBytes`. */
export class TooMuch extends Error {}

interface Look {
  root: string;
  objects: Objects;
  clock: Clock;
  files: number;
  bytes: number;
  pauseAtMs: number;
  /** Throws where a look that takes long is not to go on. */
  goOn(): void;
}

/**
 * Looks at all below `root`, which no link is followed from. `before` is what the last look gave; a folder that has not
 * changed is the same one again. Throws `TooMuch`, what `goOn` throws, and what the file system says of the root and
 * the store.
 */
export const lookAt = async (
  root: string,
  objects: Objects,
  clock: Clock,
  before: Folder | undefined,
  goOn: () => void,
): Promise<Folder> => {
  const look: Look = { root, objects, clock, files: 0, bytes: 0, pauseAtMs: clock.steadyMs() + sliceMs, goOn };
  const found = await folderAt(look, '', lstatSync(root), rootRules, before);
  if (found) return found;
  readdirSync(root); // It says why not.
  throw new Error(`${root} can't be read`);
};

/** Null where it can't be read, or has gone: nothing is known of it. */
const folderAt = async (
  look: Look,
  path: string,
  stats: Stats,
  above: Rules,
  before: Folder | undefined,
): Promise<Folder | null> => {
  const own = stamp(stats, look.clock.now()); // Before the names are read: who comes later is seen the next time.
  const hasSameNames = before !== undefined && isSameStamp(before, stats);
  const names = hasSameNames ? undefined : namesOrNull(pathOf(look.root, path));
  if (names === null) return null;
  const hasRules = names ? names.includes('.gitignore') : before?.files.has('.gitignore');
  const rules = hasRules ? await rulesIn(look, path, above, before) : above;
  const hasSameRules = before?.rules === rules.id;
  const found =
    before && hasSameNames && hasSameRules
      ? await sameNames(look, path, rules, before)
      : await anyNames(look, path, names ?? namesOrNull(pathOf(look.root, path)) ?? [], rules, before, hasSameRules);
  await pause(look);
  if (found === before) return before;
  const { files, folders, leftOut } = found;
  const entries = new Map<string, Entry>(files);
  for (const [name, { tree }] of folders) entries.set(name, { kind: 'tree', hash: tree, size: 0 });
  const tree = await look.objects.put(bytesOfTree({ entries, leftOut: new Set(leftOut.keys()) }));
  return { ...own, tree, rules: rules.id, files, folders, leftOut };
};

type Found = Pick<Folder, 'files' | 'folders' | 'leftOut'>;

/** A directory in which nothing came or went: a look at each file, and no more. Nearly all of a tree is such. */
const sameNames = async (look: Look, path: string, rules: Rules, before: Folder): Promise<Folder | Found> => {
  const pathIn = pathsIn(look, path);
  const files = new Map<string, Known | null>();
  for (const [name, known] of before.files) {
    const stats = statOf(pathIn(name));
    count(look, known.size);
    if (stats && isAsKnown(known, stats)) continue;
    files.set(name, stats ? await readKnown(pathIn(name), stats, look.objects, look.clock.now()) : null);
    await pause(look);
  }
  const folders = new Map<string, Folder | null>();
  for (const [name, known] of before.folders) {
    const stats = statOf(pathIn(name));
    const folder = stats?.isDirectory() ? await folderAt(look, joined(path, name), stats, rules, known) : null;
    if (folder !== known) folders.set(name, folder);
  }
  if (files.size === 0 && folders.size === 0) return before;
  return { files: changed(before.files, files), folders: changed(before.folders, folders), leftOut: before.leftOut };
};

const changed = <Value>(all: ReadonlyMap<string, Value>, others: ReadonlyMap<string, Value | null>) => {
  const result = new Map(all);
  for (const [name, value] of others) {
    if (value === null) result.delete(name);
    else result.set(name, value);
  }
  return result;
};

const anyNames = async (
  look: Look,
  path: string,
  names: readonly string[],
  rules: Rules,
  before: Folder | undefined,
  hasSameRules: boolean,
): Promise<Found> => {
  const pathIn = pathsIn(look, path);
  const [files, folders, leftOut] = [new Map<string, Known>(), new Map<string, Folder>(), new Map<string, boolean>()];
  for (const name of names) {
    const inner = joined(path, name);
    const stats = statOf(pathIn(name));
    if (!stats) continue;
    const isFolder = stats.isDirectory();
    const known = before?.files.get(name);
    const knownFolder = before?.folders.get(name);
    const isKept = hasSameRules && (isFolder ? knownFolder : known) !== undefined;
    if (!isKept && ((hasSameRules && before?.leftOut.get(name) === isFolder) || rules.leaveOut(inner, isFolder))) {
      leftOut.set(name, isFolder);
    } else if (isFolder) {
      const folder = await folderAt(look, inner, stats, rules, knownFolder);
      if (folder) folders.set(name, folder);
      else leftOut.set(name, true);
    } else {
      count(look, stats.size);
      const isSame = known !== undefined && isAsKnown(known, stats);
      const read = isSame ? known : await readKnown(pathIn(name), stats, look.objects, look.clock.now());
      if (read) files.set(name, read);
      await pause(look);
    }
  }
  return { files, folders, leftOut };
};

const count = (look: Look, size: number): void => {
  if (size <= maxFileBytes) look.bytes += size;
  if (++look.files > maxFiles || look.bytes > maxTreeBytes) throw new TooMuch();
};

/** Paths of what is in a directory, as the file system takes them. */
const pathsIn = (look: Look, path: string): ((name: string) => string | Buffer) => {
  const here = pathOf(look.root, path);
  if (typeof here !== 'string') return (name) => pathOf(look.root, joined(path, name));
  return (name) => (name.startsWith('\0') ? pathOf(look.root, joined(path, name)) : `${here}/${name}`);
};

const isSameStamp = ({ mtimeMs, ctimeMs, ino }: Stamp, stats: Stats): boolean =>
  ctimeMs === stats.ctimeMs && mtimeMs === stats.mtimeMs && ino === stats.ino;

/** The rules with those of the directory's own `.gitignore`, which is read where it has changed. */
const rulesIn = async (look: Look, path: string, above: Rules, before: Folder | undefined): Promise<Rules> => {
  const file = pathOf(look.root, joined(path, '.gitignore'));
  const stats = statOf(file);
  if (!stats?.isFile() || stats.size > maxRulesBytes) return above; // git does not follow a link here either.
  const known = before?.files.get('.gitignore');
  const read = known && isAsKnown(known, stats) ? known : await readKnown(file, stats, look.objects, look.clock.now());
  if (!read || read.kind === 'unkept') return above;
  return rulesBelow(above, path, read.hash, () => look.objects.get(read.hash).toString());
};

const pause = async (look: Look): Promise<void> => {
  if (look.clock.steadyMs() < look.pauseAtMs) return;
  look.goOn();
  await wait(look.clock, 0);
  look.pauseAtMs = look.clock.steadyMs() + sliceMs;
};

const orNothing = { throwIfNoEntry: false } as const; // Once: a look asks for thousands.

const statOf = (path: string | Buffer): Stats | undefined => {
  try {
    return lstatSync(path, orNothing);
  } catch {
    return undefined; // Its path is too long, or became another one: what can't be reached is not there.
  }
};

const namesOrNull = (path: string | Buffer): string[] | null => {
  try {
    return namesIn(path);
  } catch {
    return null;
  }
};
