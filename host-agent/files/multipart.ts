import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Busboy from '@fastify/busboy';
import { AppError } from '../../shared/errors.ts';
import { withWellFormedHeader } from './part-header.ts';

/**
 * Hands the content of the first part of a multipart body to `take`, whatever the part's name and type, with what the
 * client called its file; later parts are read and dropped. No more is in memory than one piece of the body. Throws
 * AppError 400 for what is no whole multipart body, and what `take` throws.
 */
export const takeFirstPart = async <T>(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  take: (content: AsyncIterable<Uint8Array>, filename: string | undefined) => Promise<T>,
): Promise<T> => {
  const parser = openParser(contentType);
  const stop = new AbortController();
  let taken: Promise<T> | null = null;
  let takeError: unknown;
  parser.on('file', (_field, part, filename) => {
    if (taken) {
      part.resume();
      return;
    }
    // It may fail before anybody reads it.
    const content = new PassThrough();
    pipeline(part, content, { signal: stop.signal }).catch(() => undefined); // The reader of `content` is told.
    taken = take(content, filename);
    taken.catch((error: unknown) => {
      takeError ??= error;
      stop.abort();
    });
  });
  try {
    await pipeline(withWellFormedHeader(body), parser, { signal: stop.signal });
  } catch (error) {
    const isOurs = stop.signal.aborted;
    stop.abort();
    await settled(taken);
    if (isOurs) throw takeError;
    throw isExpected(error) ? error : brokenBody(error);
  }
  const began = taken as Promise<T> | null; // Its type forgets what the parser does meanwhile.
  if (!began) throw new AppError('bad_request', 'missing file: the multipart body has no field');
  return await began.catch((error: unknown) => {
    throw isExpected(error) ? error : brokenBody(error);
  });
};

/**
 * Writes the first part of a multipart body to a new file; one that is left of a failure is for the caller to remove.
 */
export const writeFirstPart = (
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  file: string,
): Promise<{ bytes: number }> =>
  takeFirstPart(body, contentType, async (content) => {
    const out = createWriteStream(file, { flags: 'wx', flush: true });
    await pipeline(content, out);
    return { bytes: out.bytesWritten };
  });

const openParser = (contentType: string) => {
  try {
    // Every part counts as a file: a field without a file name too.
    return new Busboy({ headers: { 'content-type': contentType }, isPartAFile: () => true });
  } catch (cause) {
    throw brokenBody(cause);
  }
};

/** What says more than that the body is broken. */
const isExpected = (error: unknown): boolean =>
  error instanceof AppError || (error instanceof Error && 'syscall' in error);

const brokenBody = (cause: unknown): AppError =>
  new AppError('bad_request', 'This is no whole multipart body with a file in it: send the file again.', { cause });

/** Waits until a file is closed, whatever happened to it: what it failed with is told already. */
const settled = async (taken: Promise<unknown> | null): Promise<void> => {
  await taken?.catch(() => undefined);
};
