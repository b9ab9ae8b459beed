import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is kept of one command's output, from its beginning: more than anybody reads, and no disk is filled by it. */
export const maxSpoolBytes = 32 * 1024 * 1024;
/** So much may wait for a slow disk in memory before the command has to wait too. */
const maxWaitingBytes = 2 * 1024 * 1024;

/** The file that has what a command printed. */
export interface Spool {
  path: string;
  /** Bytes of the output in the file, without what `finish` adds. */
  keptBytes(): number;
  /** Why something is missing that should be there, in words; null where nothing is. */
  trouble(): string | null;
  /** What goes past the bound is left out. Resolves to null, or when there is room for more. */
  write(bytes: Buffer): Promise<void> | null;
  /** Resolves when all that was given is in the file. */
  flushed(): Promise<void>;
  /** Adds the end of an output of which the middle was left out. Nothing is written afterwards. */
  finish(end: Buffer, leftOutBytes: number): Promise<void>;
}

/** Begins the file at `path`, with the directory it is in. A disk that refuses is told by `trouble`, never thrown. */
export const openSpool = (path: string): Spool => {
  let keptBytes = 0;
  let waitingBytes = 0;
  let trouble: string | null = null;
  let isFinished = false;

  const failed = (error: unknown) => {
    trouble ??= error instanceof Error ? error.message : String(error);
  };
  const opened = mkdir(dirname(path), { recursive: true })
    .then(() => open(path, 'wx', 0o600))
    .catch((error: unknown) => {
      failed(error);
      return null;
    });
  let last: Promise<void> = opened.then(() => undefined);

  const append = (bytes: Buffer): Promise<void> => {
    waitingBytes += bytes.length;
    last = last.then(async () => {
      const file = await opened;
      try {
        if (trouble === null) await file?.appendFile(bytes);
      } catch (error) {
        failed(error);
      }
      waitingBytes -= bytes.length;
    });
    return last;
  };

  return {
    path,
    keptBytes: () => keptBytes,
    trouble: () => trouble,
    write: (bytes) => {
      const kept = bytes.subarray(0, maxSpoolBytes - keptBytes);
      if (isFinished || kept.length === 0) return null;
      keptBytes += kept.length;
      const done = append(kept);
      return waitingBytes > maxWaitingBytes ? done : null;
    },
    flushed: () => last,
    finish: async (end, leftOutBytes) => {
      if (isFinished) return last;
      isFinished = true;
      if (end.length > 0) {
        const note = leftOutBytes > 0 ? `\n[... ${leftOutBytes} bytes were not kept ...]\n` : '';
        void append(Buffer.concat([Buffer.from(note), end]));
      }
      await last;
      await (await opened)?.close().catch(failed);
    },
  };
};
