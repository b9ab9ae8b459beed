/** Text of files: what is one, and how it comes back to bytes unchanged where nobody changed it. */
import { isUtf8 } from 'node:buffer';
import { Refused } from '../call/refused.ts';

/**
 * `latin1` stands for every other encoding in which a byte is a character: what is not touched stays the same bytes.
 */
type Encoding = 'utf8' | 'utf16le' | 'latin1';

export interface Text {
  /** Without the mark at its beginning. */
  text: string;
  encoding: Encoding;
  hasMark: boolean;
}

const mark = '\uFEFF';

export const decode = (bytes: Buffer): Text => {
  const encoding = encodingOf(bytes);
  const text = bytes.toString(encoding);
  const hasMark = text.startsWith(mark);
  return { text: hasMark ? text.slice(1) : text, encoding, hasMark };
};

const encodingOf = (bytes: Buffer): Encoding => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe && bytes.length % 2 === 0) return 'utf16le';
  return isUtf8(bytes) ? 'utf8' : 'latin1';
};

/** The bytes of `text` in the way of the file it is for. Throws `Refused` for characters that this file can't have. */
export const encode = (text: string, { encoding, hasMark }: Omit<Text, 'text'>): Buffer => {
  const whole = hasMark ? mark + text.replace(mark, '') : text;
  const foreign = encoding === 'latin1' ? /[^\0-\xff]/u.exec(whole)?.[0] : undefined;
  if (foreign !== undefined)
    throw new Refused(
      `This file is not UTF-8 but has one byte a character, so it cannot hold "${foreign}". Leave that out, or ` +
        'convert the file first.',
    );
  return Buffer.from(whole, encoding);
};

/** Of what is looked at to tell text from other content. */
export const sampleBytes = 4096;

/** True for what no editor shows: a zero byte, or more than a third of control characters. */
export const isBinary = (bytes: Buffer): boolean => {
  if (encodingOf(bytes) === 'utf16le') return false;
  const sample = bytes.subarray(0, sampleBytes);
  if (sample.includes(0)) return true;
  let odd = 0;
  for (const byte of sample) if (byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)) odd++;
  return odd > sample.length * 0.3;
};

/** What models can be shown as it is, by its first bytes. */
export const mediaType = (bytes: Buffer): string | null => {
  const begin = bytes.subarray(0, 12).toString('latin1');
  if (begin.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (begin.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (begin.startsWith('GIF87a') || begin.startsWith('GIF89a')) return 'image/gif';
  if (begin.startsWith('RIFF') && begin.slice(8) === 'WEBP') return 'image/webp';
  return begin.startsWith('%PDF-') ? 'application/pdf' : null;
};

/** How many lines a person would count: a line end at the end begins no new one. */
export const linesIn = (text: string): string[] => {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};
