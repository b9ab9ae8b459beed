import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from './replace-file.ts';

/**
 * Writes a file only its owner can read, whole or not at all: a crash, or a reader at the wrong moment, sees the old
 * one.
 */
export const writePrivateFile = async (path: string, text: string): Promise<void> => {
  await privateDirectory(dirname(path));
  await replaceFile(path, text, 0o600);
};

/** The same for a file that the group of its directory may read, where that is shared with it. */
export const writeSharedFile = async (path: string, text: string): Promise<void> => {
  await privateDirectory(dirname(path));
  await replaceFile(path, text, 0o640);
};

/** Makes the directory (and its parents) if need be and closes it to everyone else, but for whom it was shared with. */
export const privateDirectory = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await closeDirectory(path); // mkdir leaves the mode of a directory that was there
};

/** The same with a directory that is there. */
export const closeDirectory = async (path: string): Promise<void> => {
  const { mode } = await stat(path);
  await chmod(path, (mode & shared) === 0 ? 0o700 : mode & 0o7770);
};

/** Set on a directory, what is made in it belongs to its group, too: the mark of one that is shared. */
const shared = 0o2000;

/** Makes a directory that a group may go through, and with `may list` see what there is; others may not. */
export const sharedDirectory = async (path: string, group: number, list?: 'may list'): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, gid, mode } = await stat(path);
  const wanted = list ? 0o2750 : 0o2710;
  if (gid !== group) await chown(path, uid, group);
  if ((mode & 0o7777) !== wanted) await chmod(path, wanted);
};
