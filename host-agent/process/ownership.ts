/** Whose files are, where a program of ours is a user of its own. */
import { chmod, chown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from './child.ts';

/** What is at a path itself; undefined where nothing is. */
export const foundAt = (path: string) =>
  lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });

/**
 * Gives trees to a user and its group. Takes root, and that no process of the user runs, which could put a link in the
 * way. May be repeated: what was interrupted, or put back from a backup by root, is given by the next one. A file that
 * has a second name stays whose it is, since that name may be anywhere.
 */
export const giveTrees = async (directories: readonly string[], user: number): Promise<void> => {
  const others = ['(', '!', '-uid', String(user), '-o', '!', '-gid', String(user), ')'];
  const alone = ['(', '-type', 'd', '-o', '-links', '1', ')'];
  const child = await startChild({
    command: [
      ...['find', ...directories, '-xdev', ...others, ...alone],
      ...['-exec', 'chown', '-h', `${user}:${user}`, '--', '{}', '+'],
    ],
    env: { PATH: process.env.PATH },
    output: 'none',
    session: 'ours',
    tie: null,
  });
  const { code } = await child.exited;
  if (code !== 0)
    throw new Error(`${directories.join(', ')} could not be given to the user ${user}: is the disk writable?`);
};

/**
 * Lets a group read a tree, or a file, that only root writes. Links are left alone: what they lead to may be anybody's.
 * What is not there is shown, too.
 */
export const showToGroup = async (path: string, group: number): Promise<void> => {
  const found = await foundAt(path);
  if (!found || found.isSymbolicLink()) return;
  const bits = found.isDirectory() ? 0o050 : 0o040;
  if (found.gid !== group) await chown(path, found.uid, group);
  if ((found.mode & bits) !== bits) await chmod(path, (found.mode & 0o7777) | bits);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await showToGroup(join(path, name), group);
};
