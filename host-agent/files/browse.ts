import { lstat, readdir } from 'node:fs/promises';
import type { FileEntry, FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import type { Pinned } from '../workspaces/pinned.ts';
import { removeInner } from '../workspaces/remove-tree.ts';
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
      await removeInner(directory, name);
    } finally {
      await directory.close();
    }
  });
