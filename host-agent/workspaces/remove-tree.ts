import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { openInner, type Pinned } from './pinned.ts';

/** Removes what is called `name` in a directory that is held: a directory with all that is in it, a symlink itself. */
export const removeInner = async (parent: Pinned, name: string): Promise<void> => {
  const isDirectory = (await lstat(parent.at(name))).isDirectory();
  if (!isDirectory) return unlink(parent.at(name));
  await emptyInner(parent, name);
  await rmdir(parent.at(name));
};

/**
 * Removes all that is in the directory `name` of one that is held. Each directory is emptied while it is held, so that
 * no symlink put in its place leads elsewhere. Another disk is left alone.
 */
export const emptyInner = async (parent: Pinned, name: string): Promise<void> => {
  const directory = await openInner(parent, name);
  try {
    const [own, above] = await Promise.all([lstat(directory.at()), lstat(parent.at())]);
    if (own.dev !== above.dev)
      throw new AppError('conflict', `${directory.path} is another disk: unmount it before it is removed.`);
    for (const entry of await readdir(directory.at(), { withFileTypes: true })) {
      if (!entry.isDirectory()) {
        await unlink(directory.at(entry.name));
        continue;
      }
      await emptyInner(directory, entry.name);
      await rmdir(directory.at(entry.name));
    }
  } finally {
    await directory.close();
  }
};
