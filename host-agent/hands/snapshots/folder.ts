/** What the last snapshot saw of a directory, so that the next one reads only what has changed. */
import * as z from 'zod';
import { type Entry, kind } from './tree.ts';

/** By what it is seen that something has not changed since it was looked at. */
export interface Stamp {
  mtimeMs: number;
  /** 0: it may have changed right after that, so it is looked at again. */
  ctimeMs: number;
  ino: number;
}

/** A file as it was when it was read. */
export interface Known extends Entry, Stamp {}

/** The stamp is that of the directory itself: as long as it is the same, so are the names in it. */
export interface Folder extends Stamp {
  /** Name of its tree. */
  tree: string;
  /** Of the rules that held in it. */
  rules: string;
  files: ReadonlyMap<string, Known>;
  folders: ReadonlyMap<string, Folder>;
  /** By name, whether it was a directory. */
  leftOut: ReadonlyMap<string, boolean>;
}

interface StoredFolder {
  stamp: [number, number, number];
  tree: string;
  rules: string;
  files: [string, Entry['kind'], string, number, number, number, number][];
  folders: [string, StoredFolder][];
  leftOut: [string, boolean][];
}

const stored: z.ZodType<StoredFolder> = z.object({
  stamp: z.tuple([z.number(), z.number(), z.number()]),
  tree: z.string(),
  rules: z.string(),
  files: z.array(z.tuple([z.string(), kind, z.string(), z.number(), z.number(), z.number(), z.number()])),
  folders: z.array(z.tuple([z.string(), z.lazy(() => stored)])),
  leftOut: z.array(z.tuple([z.string(), z.boolean()])),
});

/** As text, for a file. */
export const textOfFolder = (folder: Folder): string => JSON.stringify(toStored(folder));

/** Undefined when that is none: then everything is read again. */
export const folderOfText = (text: string): Folder | undefined => {
  try {
    return fromStored(stored.parse(JSON.parse(text)));
  } catch {
    return undefined;
  }
};

const toStored = ({ tree, rules, files, folders, leftOut, ...stamp }: Folder): StoredFolder => ({
  stamp: [stamp.mtimeMs, stamp.ctimeMs, stamp.ino],
  tree,
  rules,
  files: [...files].map(([name, { kind: is, hash, size, mtimeMs, ctimeMs, ino }]) => [
    name,
    is,
    hash,
    size,
    mtimeMs,
    ctimeMs,
    ino,
  ]),
  folders: [...folders].map(([name, folder]) => [name, toStored(folder)]),
  leftOut: [...leftOut],
});

const fromStored = ({
  stamp: [ownMtimeMs, ownCtimeMs, ownIno],
  tree,
  rules,
  files,
  folders,
  leftOut,
}: StoredFolder): Folder => ({
  mtimeMs: ownMtimeMs,
  ctimeMs: ownCtimeMs,
  ino: ownIno,
  tree,
  rules,
  files: new Map(
    files.map(([name, is, hash, size, mtimeMs, ctimeMs, ino]) => [
      name,
      { kind: is, hash, size, mtimeMs, ctimeMs, ino },
    ]),
  ),
  folders: new Map(folders.map(([name, folder]) => [name, fromStored(folder)])),
  leftOut: new Map(leftOut),
});
