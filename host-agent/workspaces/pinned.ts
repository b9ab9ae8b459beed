/**
 * Directories and files held by descriptor. Node has no `openat`, but Linux has `/proc/self/fd`: what is done below a
 * descriptor's path is done in that directory, even if somebody exchanges it, or one above it, for a symlink in the
 * meantime.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { checkReach, type FileRoots, reachable, type Wanted } from './outside.ts';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/**
 * A way to a directory that need not be readable (open(2)), as what holds all missions is not; Node has no name for it.
 */
const O_PATH = 0o10000000;

/** An open directory. `at` is a path to it, or to something in it, that leads nowhere else. */
export interface Pinned {
  /** Where it was when it was opened. */
  path: string;
  at(name?: string): string;
  close(): Promise<void>;
}

const pin = async (through: string): Promise<Pinned> => {
  const handle = await open(through, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const own = `/proc/self/fd/${handle.fd}`;
  const path = await readlink(own);
  return {
    path,
    // The dot makes the kernel look into the directory, not at the link.
    at: (name) => (name === undefined ? `${own}/.` : `${own}/${name}`),
    close: () => handle.close(),
  };
};

/**
 * The directory that a client means. With `make` it is made, with those above it. Throws as `reachable` and the file
 * system do.
 */
export const openDirectory = async (
  roots: FileRoots,
  scope: FileScope,
  wanted: Wanted,
  { make }: { make: boolean },
): Promise<Pinned> => {
  const real = await reachable(roots, scope, wanted);
  const check = (path: string): Promise<void> => checkReach(roots, scope, path, wanted.shown);
  const directory = await (make ? pinMaking(real, check) : pin(real));
  try {
    await check(directory.path);
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
};

/**
 * Step by step from the root of what exists: each new directory is made in one that is held, the first once `check` has
 * passed where that is now.
 */
const pinMaking = async (path: string, check: (path: string) => Promise<void>): Promise<Pinned> => {
  const missing: string[] = [];
  for (let from = path; ; from = resolve(from, '..')) {
    let directory: Pinned;
    try {
      directory = await pin(from);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || from === '/') throw error;
      missing.unshift(relative(resolve(from, '..'), from));
      continue;
    }
    if (missing.length > 0) {
      await check(join(directory.path, ...missing)).catch(async (error: unknown) => {
        await directory.close();
        throw error;
      });
    }
    for (const name of missing) {
      const inner = await pinInner(directory, name).finally(() => directory.close());
      directory = inner;
    }
    return directory;
  }
};

const pinInner = async (directory: Pinned, name: string): Promise<Pinned> => {
  try {
    await mkdir(directory.at(name));
  } catch (error) {
    // Made by somebody else just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return pin(directory.at(name));
};

/** A directory inside one that is held; a symlink is none. */
export const openInner = (directory: Pinned, name: string): Promise<Pinned> => pin(directory.at(name));

/**
 * What a client wants to remove: its directory and its name there. Symlinks above it are followed, it itself is not.
 */
export const openParent = async (
  roots: FileRoots,
  scope: FileScope,
  wanted: Wanted,
): Promise<{ directory: Pinned; name: string }> => {
  const parent = resolve(wanted.path, '..');
  const name = relative(parent, wanted.path);
  if (name === '') throw new AppError('forbidden', `${wanted.shown} cannot be removed.`);
  const above = await reachable(roots, { ...scope, missions: null, everything: true }, { ...wanted, path: parent });
  await checkReach(roots, scope, join(above, name), wanted.shown);
  const directory = await pin(above);
  try {
    await checkReach(roots, scope, join(directory.path, name), wanted.shown);
    return { directory, name };
  } catch (error) {
    await directory.close();
    throw error;
  }
};

/**
 * The regular file that a client means, open for reading. Throws as `reachable` and the file system do, 400 for
 * anything else.
 */
export const openFile = async (roots: FileRoots, scope: FileScope, wanted: Wanted): Promise<FileHandle> => {
  const real = await reachable(roots, scope, wanted);
  // Without waiting for a writer at the other end of a pipe.
  const handle = await open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    await checkReach(roots, scope, await readlink(`/proc/self/fd/${handle.fd}`), wanted.shown);
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new AppError('bad_request', `${wanted.shown} is a directory: name a file in it.`);
    if (!stats.isFile()) throw new AppError('bad_request', `${wanted.shown} is no ordinary file.`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
};
