import { sendFile } from '../../shared/calls/files.ts';
import { callHost } from '../call.ts';
import type { Context } from '../http/context.ts';
import { openTransfer } from '../relay/transfer.ts';
import { attachment, contentType } from './content.ts';
import { placeOf } from './place.ts';
import { rangeIn } from './range.ts';

/** A file or a range of it, streamed from its server. A `HEAD` request opens no transfer. */
export const download = async (c: Context, path: string): Promise<Response> => {
  const { host, target } = await placeOf(c, path);
  const range = rangeIn(c.req.header('Range'));
  const isHead = c.req.method === 'HEAD';
  const transfer = isHead ? null : await openTransfer(c.env, host);
  const rangeOfTag = c.req.header('If-Range') ?? null;
  const ticket = transfer?.ticket ?? null;
  const { name, size, mtimeMs, tag, span } = await callHost(c.env, host, sendFile, {
    ...target,
    transfer: ticket,
    range,
    rangeOfTag,
  });
  if (!span) {
    const headers = { 'Content-Range': `bytes */${size}`, 'Accept-Ranges': 'bytes' };
    return c.text(`The file has ${size} bytes: the range lies outside of it`, 416, headers);
  }
  const isPart = span.bytes < size;
  const headers = {
    'Content-Type': contentType(name),
    'Content-Disposition': attachment(name),
    'Content-Length': String(span.bytes),
    'Accept-Ranges': 'bytes',
    ETag: tag,
    'Last-Modified': new Date(mtimeMs).toUTCString(),
    // What an agent wrote is shown by nobody as what it is not, and what it is may change at any time.
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'private, no-cache',
    ...(isPart ? { 'Content-Range': `bytes ${span.start}-${span.start + span.bytes - 1}/${size}` } : {}),
  };
  return new Response(transfer ? await transfer.download(span.bytes) : null, { status: isPart ? 206 : 200, headers });
};
