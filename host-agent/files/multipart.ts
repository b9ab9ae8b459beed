import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import Busboy from '@fastify/busboy';
import { AppError } from '../../shared/errors.ts';
import { withWellFormedHeader } from './part-header.ts';

/** What a client called the part, and how much came. */
export interface FirstPart {
  filename: string | undefined;
  bytes: number;
}

/**
 * Writes the first part of a multipart body to a new file, whatever the part's name and type; later parts are read and
 * dropped. No more is in memory than one piece of the body. Throws AppError 400 for what is no whole multipart body,
 * and what the file system says; the file is then for the caller to remove.
 */
export const writeFirstPart = async (
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  file: string,
): Promise<FirstPart> => {
  const parser = openParser(contentType);
  const stop = new AbortController();
  let written: Promise<FirstPart> | null = null;
  let writeError: unknown;
  parser.on('file', (_field, part, filename) => {
    if (written) {
      part.resume();
      return;
    }
    const out = createWriteStream(file, { flags: 'wx', flush: true });
    written = pipeline(part, out, { signal: stop.signal }).then(() => ({ filename, bytes: out.bytesWritten }));
    written.catch((error: unknown) => {
      writeError ??= error;
      stop.abort();
    });
  });
  try {
    await pipeline(withWellFormedHeader(body), parser, { signal: stop.signal });
  } catch (error) {
    const isOurs = stop.signal.aborted;
    stop.abort();
    await settled(written);
    if (isOurs) throw writeError;
    throw error instanceof AppError || isSystemError(error) ? error : brokenBody(error);
  }
  const first: FirstPart | undefined = await (written as Promise<FirstPart> | null)?.catch((error: unknown) => {
    throw isSystemError(error) ? error : brokenBody(error);
  });
  if (first) return first;
  throw new AppError('bad_request', 'missing file: the multipart body has no field');
};

const openParser = (contentType: string) => {
  try {
    // Every part counts as a file: a field without a file name too.
    return new Busboy({ headers: { 'content-type': contentType }, isPartAFile: () => true });
  } catch (cause) {
    throw brokenBody(cause);
  }
};

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const brokenBody = (cause: unknown): AppError =>
  new AppError('bad_request', 'This is no whole multipart body with a file in it: send the file again.', { cause });

/** Waits until a file is closed, whatever happened to it: what it failed with is told already. */
const settled = async (written: Promise<unknown> | null): Promise<void> => {
  await written?.catch(() => undefined);
};
