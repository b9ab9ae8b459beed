import { type Ring, ring } from './ring.ts';
import { maxSpoolBytes, openSpool, type Spool } from './spool.ts';

/** What a model is shown of the beginning of a long output is less. */
const headBytes = 16 * 1024;
/** The end of an output in memory: what a model is shown, and what somebody reads who looks now and then. */
export const newestBytes = 128 * 1024;

/** What a command printed to one of its outputs, or to both, so far. */
export interface Output {
  take(bytes: Buffer): Promise<void> | null;
  totalBytes(): number;
  totalLines(): number;
  head(): Buffer;
  newest(count: number): Buffer;
  /** The file that has it, if there is one. */
  spool(): Spool | null;
  /** Puts it into a file from here on, with what was printed before: `path` is only asked for the first time. */
  keep(): Spool;
  /** Closes the file, if there is one. */
  finish(): Promise<void>;
}

/** Collects an output; above `quietBytes` or `quietLines` it goes to the file `path`. */
export const collectOutput = (
  path: () => string,
  { quietBytes, quietLines }: { quietBytes: number; quietLines: number },
): Output => {
  const end: Ring = ring(newestBytes);
  const head = Buffer.alloc(headBytes);
  let totalBytes = 0;
  let newlines = 0;
  let endsLine = true;
  let spool: Spool | null = null;
  let isFinished = false;

  const keep = (): Spool => {
    if (spool) return spool;
    spool = openSpool(path());
    if (end.size() > 0) spool.write(end.newest(end.size()));
    if (isFinished) void spool.finish(Buffer.alloc(0), 0);
    return spool;
  };

  return {
    take: (bytes) => {
      if (totalBytes < headBytes) bytes.copy(head, totalBytes);
      totalBytes += bytes.length;
      newlines += newlinesIn(bytes);
      endsLine = bytes.at(-1) === newline;
      // All that came before is in the ring still, which is larger than what stays without a file.
      if (totalBytes > quietBytes || newlines > quietLines) keep();
      end.push(bytes);
      return spool?.write(bytes) ?? null;
    },
    totalBytes: () => totalBytes,
    totalLines: () => newlines + (endsLine ? 0 : 1),
    head: () => head.subarray(0, Math.min(totalBytes, headBytes)),
    newest: end.newest,
    spool: () => spool,
    keep,
    finish: async () => {
      isFinished = true;
      if (!spool) return;
      const missing = totalBytes - spool.keptBytes();
      const added = missing > 0 && spool.keptBytes() >= maxSpoolBytes ? end.newest(missing) : Buffer.alloc(0);
      await spool.finish(added, missing - added.length);
    },
  };
};

const newline = 10;

const newlinesIn = (bytes: Buffer): number => {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count++;
  return count;
};
