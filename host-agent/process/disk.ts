import { statfs } from 'node:fs/promises';

/** Bytes of a disk: what we may still write to, and its size. */
export interface Disk {
  free: number;
  all: number;
}

/** The disk below an existing path. */
export const diskBelow = async (path: string): Promise<Disk> => {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, all: blocks * bsize };
};
