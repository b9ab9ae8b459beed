import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file only its owner can read, whole or not at all: a crash, or a reader at the wrong moment, sees the old
 * one.
 */
export const writePrivateFile = async (path: string, text: string): Promise<void> => {
  await privateDirectory(dirname(path));
  const fresh = `${path}.${randomUUID()}.new`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
};

/** Makes the directory (and its parents) if need be and closes it to everyone else. */
export const privateDirectory = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700); // mkdir leaves the mode of a directory that was there
};
