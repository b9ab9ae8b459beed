import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import type { FileEntry, FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { openInner, type Pinned } from '../workspaces/pinned.ts';
import type { WorkspaceFiles } from '../workspaces/workspace.ts';
import { withFileErrors } from './errors.ts';

/** What is in a directory (contract §2.10), unsorted. Throws AppError with a text about the path. */
export const listDirectory = (files: WorkspaceFiles, scope: FileScope, path: string): Promise<FileEntry[]> =>
  withFileErrors(path, async () => {
    const wanted = files.wanted(scope, path);
    const directory = await files.openDirectory(scope, wanted, { make: wanted.isOffered });
    try {
      const base = wanted.shown === '/' ? '' : wanted.shown;
      const entries: FileEntry[] = [];
      // One after the other: a directory may have more entries than a process may have open requests.
      for (const name of await readdir(directory.at())) {
        const entry = await entryOf(directory, name);
        if (entry) entries.push({ ...entry, path: `${base}/${name}` });
      }
      return entries;
    } finally {
      await directory.close();
    }
  });

const entryOf = async (directory: Pinned, name: string): Promise<Omit<FileEntry, 'path'> | null> => {
  try {
    const stats = await lstat(directory.at(name));
    const kind = stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'dir' : stats.isFile() ? 'file' : 'other';
    return { name, kind, size: stats.size, mtime: Math.floor(stats.mtimeMs / 1000) };
  } catch (error) {
    // Removed since the list was read.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
};

/** Makes a directory and those above it; one that is there is fine. */
export const makeDirectory = (files: WorkspaceFiles, scope: FileScope, path: string): Promise<void> =>
  withFileErrors(path, async () => {
    const directory = await files.openDirectory(scope, files.wanted(scope, path), { make: true });
    await directory.close();
  });

/** Removes a file, or with `recursive` also a directory with all that is in it. A symlink is removed itself. */
export const remove = (files: WorkspaceFiles, scope: FileScope, path: string, recursive: boolean): Promise<void> =>
  withFileErrors(path, async () => {
    const wanted = files.wanted(scope, path);
    const { directory, name } = await files.openParent(scope, wanted);
    try {
      await files.checkRemovable(`${directory.path === '/' ? '' : directory.path}/${name}`, wanted.shown);
      const isDirectory = (await lstat(directory.at(name))).isDirectory();
      if (isDirectory && !recursive)
        throw new AppError('bad_request', `${wanted.shown} is a directory: remove it with "recursive": true.`);
      await (isDirectory ? removeTree(directory, name) : unlink(directory.at(name)));
    } finally {
      await directory.close();
    }
  });

/**
 * Each directory is emptied while it is held, so that no symlink put in its place leads elsewhere. Another disk is left
 * alone.
 */
const removeTree = async (parent: Pinned, name: string): Promise<void> => {
  const directory = await openInner(parent, name);
  try {
    const [own, above] = await Promise.all([lstat(directory.at()), lstat(parent.at())]);
    if (own.dev !== above.dev)
      throw new AppError('conflict', `${directory.path} is another disk: unmount it before it is removed.`);
    for (const entry of await readdir(directory.at(), { withFileTypes: true })) {
      if (entry.isDirectory()) await removeTree(directory, entry.name);
      else await unlink(directory.at(entry.name));
    }
  } finally {
    await directory.close();
  }
  await rmdir(parent.at(name));
};
