import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, rest } from '../../shared/clock.ts';
import type { Log } from '../process/log.ts';

/** Pieces of an upload are removed when nothing was added for this long: it was given up. */
const keepPiecesMs = 24 * 3600_000;
/** Between two looks for such pieces. */
const sweepMs = 3600_000;

/**
 * Removes pieces that nobody came back for and, with `unfinished`, what an earlier process left: only before files can
 * come.
 */
export const sweepUploads = async (
  root: string,
  nowMs: number,
  { unfinished }: { unfinished: boolean },
): Promise<void> => {
  for (const name of await readdir(root).catch(() => [])) {
    const path = join(root, name);
    const changedMs = (await stat(path).catch(() => null))?.mtimeMs ?? nowMs; // It is whole by now, and gone.
    // `plain-` is of versions in which whole files were kept here too.
    const isForgotten = /^(joined|plain)-/.test(name) ? unfinished : nowMs - changedMs > keepPiecesMs;
    if (isForgotten) await rm(path, { recursive: true, force: true });
  }
};

/** Removes pieces that nobody came back for, again and again, until `signal` aborts. */
export const keepUploadsSwept = async (
  root: string,
  { clock, log }: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await rest(clock, sweepMs, signal);
    if (signal.aborted) return;
    await sweepUploads(root, clock.now(), { unfinished: false }).catch((error: unknown) =>
      log.warn('uploads.not_swept', { error }),
    );
  }
};
