/** What a model is shown of an output: its beginning and its end, where all of it is, and what is missing there. */
import { isUtf8 } from 'node:buffer';
import { fromCharacter, toCharacter } from './live.ts';
import type { Output } from './output.ts';
import { maxSpoolBytes } from './spool.ts';

export interface Cut {
  maxBytes: number;
  maxLines: number;
}

/** OpenCode cuts at 2,000 lines and 50 KB (opencode §9); what is added to the output has to fit too. */
export const modelCut: Cut = { maxBytes: 46 * 1024, maxLines: 1900 };

/** The end says how it went, so it has most of the room. */
const headShare = 0.2;

export interface Shown {
  text: string;
  isCut: boolean;
}

/** What was printed, as far as it takes to show it. */
export interface Printed {
  totalBytes: number;
  totalLines: number;
  /** At least as much of the beginning as is shown of it, or all. */
  head: Buffer;
  /** At least as much as is shown of the end; all where nothing has to be left out. */
  newest(count: number): Buffer;
  /** The file that has it, and what of it is there. Only asked where something is not shown. */
  file(): { path: string; what: string };
}

/** What a command printed to an output so far. */
export const printedTo = (output: Output): Printed => ({
  totalBytes: output.totalBytes(),
  totalLines: output.totalLines(),
  head: output.head(),
  newest: output.newest,
  file: () => {
    const spool = output.keep();
    const trouble = spool.trouble();
    const isWhole = output.totalBytes() <= maxSpoolBytes;
    const what = isWhole ? 'all of it is' : `the first ${sizeOf(maxSpoolBytes)} and the end are`;
    return { path: spool.path, what: trouble === null ? what : `not all could be kept (${trouble}); the rest is` };
  },
});

/** A part of an output, which is in `path` with all the rest. */
export const printedPart = (bytes: Buffer, path: string): Printed => ({
  totalBytes: bytes.length,
  totalLines: bytes.toString('latin1').split('\n').length,
  head: bytes,
  newest: (count) => bytes.subarray(Math.max(0, bytes.length - count)),
  file: () => ({ path, what: 'all of it is' }),
});

/** As text, at most `cut`, and the sentence about what is left out. */
export const show = ({ totalBytes, totalLines, head, newest, file }: Printed, cut: Cut): Shown => {
  if (looksBinary(head) || looksBinary(newest(sampleBytes)))
    return { text: `[${sizeOf(totalBytes)} that are no text; ${file().what} in ${file().path}]`, isCut: true };
  if (totalBytes <= cut.maxBytes && totalLines <= cut.maxLines)
    return { text: plain(newest(totalBytes)), isCut: false };
  const share = (part: number): Cut => ({ maxBytes: cut.maxBytes * part, maxLines: cut.maxLines * part });
  const begin = headOf(head, share(headShare));
  const end = tailOf(newest(cut.maxBytes), share(1 - headShare));
  const missing = sizeOf(totalBytes - begin.length - end.length);
  const { path, what } = file();
  const note = `[... ${missing} left out here, of ${sizeOf(totalBytes)} in ${totalLines} lines; ${what} in ${path} ...]`;
  return { text: `${endLine(plain(begin))}${note}\n${plain(end)}`, isCut: true };
};

/** Bytes `from` on, as far as they are still in memory; `missed` is how many are not. */
export const newSince = (output: Output, from: number): { bytes: Buffer; missed: number } => {
  const wanted = output.totalBytes() - from;
  const bytes = output.newest(wanted);
  return { bytes, missed: wanted - bytes.length };
};

const sampleBytes = 4096;
const newline = 10;

/** By more control characters than any text has, or by bytes that are no characters among some of them. */
const looksBinary = (bytes: Buffer): boolean => {
  const sample = toCharacter(fromCharacter(bytes.subarray(0, sampleBytes)));
  let odd = 0;
  for (const byte of sample) if (byte < 8 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)) odd++;
  return odd > sample.length * (isUtf8(sample) ? 0.3 : 0.03);
};

const headOf = (bytes: Buffer, { maxBytes, maxLines }: Cut): Buffer => {
  let end = Math.min(bytes.length, Math.floor(maxBytes));
  let at = -1;
  for (let lines = 0; lines < Math.floor(maxLines); lines++) {
    const next = bytes.indexOf(newline, at + 1);
    if (next === -1 || next >= end) break;
    at = next;
    if (lines + 1 === Math.floor(maxLines)) end = next + 1;
  }
  // At the end of a line, unless that would give away half of it.
  return at + 1 > end / 2 ? bytes.subarray(0, at + 1) : toCharacter(bytes.subarray(0, end));
};

const tailOf = (bytes: Buffer, { maxBytes, maxLines }: Cut): Buffer => {
  let start = Math.max(0, bytes.length - Math.floor(maxBytes));
  let at = bytes.length - 1; // The last line's own end begins no line.
  for (let lines = 0; lines < Math.floor(maxLines); lines++) {
    at = at <= 0 ? -1 : bytes.lastIndexOf(newline, at - 1);
    if (at < start) break;
  }
  if (at >= start) start = at + 1;
  const next = bytes.indexOf(newline, Math.max(0, start - 1)) + 1;
  return next > 0 && next - start < (bytes.length - start) / 2
    ? bytes.subarray(next)
    : fromCharacter(bytes.subarray(start));
};

/** Zero bytes and their like are nothing that a model or a database takes; tabs, line ends and colours stay. */
export const plain = (bytes: Buffer): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
  bytes.toString('utf8').replace(/[\0-\x07\x0e-\x1a\x1c-\x1f\x7f]/g, '\ufffd');

const endLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

export const sizeOf = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
};
