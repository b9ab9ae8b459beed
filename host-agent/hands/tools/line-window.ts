/** Some lines of a text that may be of any size, read once from its beginning. */
import { maxOutputBytes, maxOutputLines } from './fit-output.ts';

export interface LineWindow {
  /** Without line ends; cut where they are too long. */
  lines: string[];
  /** Number of the first of them. */
  first: number;
  /** Of the whole text; null when it was not read to its end. */
  total: number | null;
  /** True when the lines had to end before `limit`, since they have too many bytes. */
  isFull: boolean;
}

/** Beyond it a line is data, not something to read; OpenCode's number. */
const maxLineChars = 2_000;
/** As many bytes hold that many characters of any alphabet. */
const keptLineBytes = 4 * maxLineChars;
/** Left for what stands around the lines. */
const frameBytes = 2 * 1024;
/** As many lines as fit, with what stands around them. */
export const maxWindowLines = maxOutputLines - 10;
/** Reading to the end only to count lines takes a second per gigabyte: nobody waits for that. */
const maxCountedBytes = 64 * 1024 * 1024;

/**
 * The lines from `first` on, 1-based, at most `limit`, and beside `taken` bytes that a model reads with them. Rejects
 * when `signal` aborts, and as `chunks` does.
 */
export const lineWindow = async (
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  { first, limit, taken = 0, signal }: { first: number; limit: number; taken?: number; signal: AbortSignal },
): Promise<LineWindow> => {
  const most = Math.min(limit, maxWindowLines);
  const lines: string[] = [];
  let number = 1;
  let bytes = 0;
  let left = maxOutputBytes - frameBytes - taken;
  let isFull = false;
  let line: { parts: Buffer[]; bytes: number } = { parts: [], bytes: 0 };
  const isWanted = (): boolean => number >= first && lines.length < most && !isFull;
  const add = (part: Buffer): void => {
    if (isWanted() && line.bytes < keptLineBytes) line.parts.push(part.subarray(0, keptLineBytes - line.bytes));
    line.bytes += part.length;
  };
  const end = (): void => {
    if (isWanted()) {
      const text = shownLine(Buffer.concat(line.parts), line.bytes);
      // With the number before it, and the line end.
      left -= Buffer.byteLength(text) + `${number}: \n`.length;
      if (left < 0 && lines.length > 0) isFull = true;
      else lines.push(text);
    }
    line = { parts: [], bytes: 0 };
    number++;
  };
  let isWhole = true;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, at));
      end();
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
    bytes += chunk.length;
    if (bytes >= maxCountedBytes && number > first && !isWanted()) {
      isWhole = false;
      break;
    }
  }
  if (isWhole && line.bytes > 0) end();
  return { lines, first, total: isWhole ? number - 1 : null, isFull };
};

const shownLine = (bytes: Buffer, ofBytes: number): string => {
  const text = bytes.toString('utf8');
  const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
  if (bare.length <= maxLineChars && bytes.length === ofBytes) return bare;
  return `${bare.slice(0, maxLineChars)} … (a line of ${ofBytes} bytes, cut here)`;
};
