import { chmod, mkdir } from 'node:fs/promises';
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

/** Makes the directory (and its parents) if need be and closes it to everyone else. */
export const privateDirectory = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700); // mkdir leaves the mode of a directory that was there
};
