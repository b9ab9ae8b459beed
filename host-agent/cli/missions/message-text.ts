/** What a person says to an agent: the words of the command line, and what is piped into it. */
import { fstatSync } from 'node:fs';
import { maxMessageBytes } from '../../../shared/limits.ts';
import { BadUse } from '../bad-use.ts';

/** Whether something may come on standard input. A terminal is for Ctrl-C here, and /dev/null has nothing. */
export const hasInput = (): boolean => {
  if (process.stdin.isTTY) return false;
  try {
    return !fstatSync(0).isCharacterDevice();
  } catch {
    return false; // It was closed by whoever started us.
  }
};

/**
 * The message: `words`, a blank line, then the text of `input`. Throws BadUse when there is neither, when it is longer
 * than a message may be (nothing further is read then), or when the input is not text.
 */
export const messageText = async (
  words: readonly string[],
  input: AsyncIterable<Uint8Array> | null,
): Promise<string> => {
  const said = words.join(' ').trim();
  const saidBytes = Buffer.byteLength(said);
  const piped = input === null ? '' : textOf(await bytesOf(input, maxMessageBytes - saidBytes)).trim();
  const text = [said, piped].filter((part) => part !== '').join('\n\n');
  if (text === '') throw new BadUse('There is nothing to say: give the message as an argument, or on standard input.');
  if (Buffer.byteLength(text) > maxMessageBytes) throw tooLong();
  return text;
};

const bytesOf = async (input: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    // A chunk that is binary is refused for that: it is the better reason.
    if (chunk.includes(0)) throw notText();
    chunks.push(chunk);
    bytes += chunk.byteLength;
    // White space around it is not sent, so a little more than the limit may still fit.
    if (bytes > maxBytes + spareBytes) throw tooLong();
  }
  return Buffer.concat(chunks);
};

const spareBytes = 1024;

const textOf = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notText();
  }
};

const notText = (): BadUse =>
  new BadUse('Standard input is not text in UTF-8, so it was not sent. Say in the message where the file is instead.');

const tooLong = (): BadUse =>
  new BadUse(
    `The message is longer than ${maxMessageBytes / 1024} KiB, so it was not sent. Send a part of it ` +
      '(for example with `tail -c 100K`), or say in the message where the file is.',
  );
