/** What a snapshot keeps of one file. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import type { Known, Stamp } from './folder.ts';
import type { Objects } from './objects.ts';

/** Larger ones are no text that a person or an agent wrote; what they were is not kept. */
export const maxFileBytes = 10 * 1024 * 1024;

/**
 * Times of files are those of the last tick of the kernel's clock, of 10 ms at most. A file that changed so short a
 * time ago could change once more without another time.
 */
const tickMs = 20;

/** Neither a link nor a pipe is waited for or followed that was put there meanwhile. */
const readAsItIs = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Whether a file is as it was read; a change of its mode is one of its ctime too. */
export const isAsKnown = ({ size, mtimeMs, ctimeMs, ino }: Known, stats: Stats): boolean =>
  ctimeMs === stats.ctimeMs && mtimeMs === stats.mtimeMs && size === stats.size && ino === stats.ino;

/** Keeps a file or link. Null for what is neither, or is not there any more. */
export const readKnown = async (
  path: string | Buffer,
  stats: Stats,
  objects: Objects,
  nowMs: number,
): Promise<Known | null> => {
  if (stats.isSymbolicLink()) {
    try {
      const target = readlinkSync(path, 'buffer');
      return { ...stamp(stats, nowMs), kind: 'link', hash: await objects.put(target), size: stats.size };
    } catch (error) {
      return isGone(error) ? null : Promise.reject(error);
    }
  }
  if (!stats.isFile()) return null;
  if (stats.size > maxFileBytes) return unkept(stats, nowMs);
  let file: number;
  try {
    file = openSync(path, readAsItIs);
  } catch (error) {
    return isGone(error) ? null : unkept(stats, nowMs);
  }
  try {
    const opened = fstatSync(file);
    if (!opened.isFile()) return null;
    if (opened.size > maxFileBytes) return unkept(opened, nowMs);
    const content = readFileSync(file);
    const known: Known = {
      ...stamp(opened, nowMs),
      kind: (opened.mode & 0o100) === 0 ? 'file' : 'exec',
      hash: await objects.put(content),
      size: content.length,
    };
    // Somebody writes to it at this moment: what was read is kept, and looked at again.
    return isAsKnown(known, fstatSync(file)) ? known : { ...known, ctimeMs: 0 };
  } finally {
    closeSync(file);
  }
};

/** Of what is looked at now, or will be at once. */
export const stamp = ({ mtimeMs, ctimeMs, ino }: Stats, nowMs: number): Stamp => ({
  mtimeMs,
  ctimeMs: ctimeMs > nowMs - tickMs ? 0 : ctimeMs,
  ino,
});

/** Too large, or not to be read by us: it can be said that it has changed, and no more. */
const unkept = (stats: Stats, nowMs: number): Known => ({
  ...stamp(stats, nowMs),
  kind: 'unkept',
  hash: `${stats.size}-${stats.mtimeMs}`,
  size: stats.size,
});

/** It is not there any more, or a link or a directory is there now, which the next look finds. */
const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ENXIO'].includes(String(error.code));
