/**
 * Files and directories held by descriptor. Node has no `openat`, but Linux has `/proc/self/fd`: what is done below a
 * descriptor's path is done in that directory, even if somebody exchanges it, or one above it, for a symlink. Each is
 * compared with the place that was looked at and allowed.
 */
import { constants, fstatSync, readlinkSync, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, Refused } from '../call/refused.ts';
import type { Place } from './place.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** An open directory. `at` is a path to it, or to something in it, that leads nowhere else. */
export interface HeldDirectory {
  /** Without symlinks. */
  path: string;
  at(name?: string): string;
  close(): void;
}

const moved = (path: string): Refused =>
  new Refused(`${path} was exchanged for something else while it was opened. Look at it again.`);

const hold = async (through: string, expected: string): Promise<HeldDirectory> => {
  const handle = await open(through, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(async (error: unknown) => {
    // A link in its place is no directory either, to the kernel.
    throw (await lstat(through).catch(() => null))?.isSymbolicLink() ? moved(expected) : error;
  });
  const own = `/proc/self/fd/${handle.fd}`;
  const path = readlinkSync(own);
  if (path !== expected) {
    await handle.close();
    throw moved(expected);
  }
  // The dot makes the kernel look into the directory, not at the link.
  return { path, at: (name) => `${own}/${name ?? '.'}`, close: () => letGo({ handle }) };
};

/** The directory that `place` is. Throws `Refused` when it is another one by now, and what the file system says. */
export const holdDirectory = (real: string): Promise<HeldDirectory> => hold(real, real);

/**
 * The directory in which `place` is, with those above it that are missing: each new one is made in one that is held.
 * The caller closes it.
 */
export const holdParent = async (real: string, { make }: { make: boolean }): Promise<HeldDirectory> => {
  const parent = dirname(real);
  const missing: string[] = [];
  for (let from = parent; ; from = dirname(from)) {
    let held: HeldDirectory;
    try {
      held = await hold(from, from);
    } catch (error) {
      if (codeOf(error) === 'ENOTDIR') throw new Refused(`${from} is no directory, so nothing can be put into it.`);
      if (codeOf(error) !== 'ENOENT' || !make || from === '/') throw error;
      missing.unshift(basename(from));
      continue;
    }
    for (const name of missing) held = await holdInner(held, name);
    return held;
  }
};

const holdInner = async (outer: HeldDirectory, name: string): Promise<HeldDirectory> => {
  try {
    await mkdir(outer.at(name)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error; // Made by somebody else just now.
    });
    return await hold(outer.at(name), join(outer.path, name));
  } finally {
    outer.close();
  }
};

/** A file or directory, open for reading. */
export interface HeldFile {
  handle: FileHandle;
  stats: Stats;
}

/**
 * What is at `place`, open for reading, to be closed by the caller; null when there is nothing. Throws `Refused` for
 * what is neither file nor directory, or another thing by now, and what the file system says.
 */
export const holdFile = async ({ real, shown }: Pick<Place, 'real' | 'shown'>): Promise<HeldFile | null> => {
  let handle: FileHandle;
  try {
    // Without waiting for a writer at the other end of a pipe.
    handle = await open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'ENXIO') throw new Refused(`${shown} is no ordinary file, so there is nothing to read in it.`);
    if (code === 'ELOOP') throw moved(shown);
    throw error;
  }
  try {
    // Of what is open the kernel answers at once.
    const stats = fstatSync(handle.fd);
    if (!stats.isFile() && !stats.isDirectory())
      throw new Refused(`${shown} is no ordinary file, so there is nothing to read in it.`);
    if (readlinkSync(`/proc/self/fd/${handle.fd}`) !== real) throw moved(shown);
    return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/** All that is in a held file, by one read where it has the size that it said. */
export const contentOf = async ({ handle, stats }: HeldFile): Promise<Buffer> => {
  // Room for one more: a read that leaves it has come to the end.
  const room = Buffer.allocUnsafe(stats.size + 1);
  const { bytesRead } = await handle.read(room, 0, room.length, 0);
  return bytesRead === stats.size ? room.subarray(0, bytesRead) : handle.readFile();
};

/** Lets go of a directory, or of a file that was only read: nobody has to wait for that. */
export const letGo = ({ handle }: Pick<HeldFile, 'handle'>): void => {
  handle.close().catch(() => undefined); // Nothing was written that could be lost.
};
