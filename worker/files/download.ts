import { fileCalls } from '../../shared/calls/files.ts';
import { downloadChannel } from '../../shared/channels/transfers.ts';
import { preconditionOf } from '../../shared/preconditions.ts';
import { callHost } from '../hosts/call.ts';
import type { Context } from '../http/context.ts';
import { openChannel, receiveBody } from '../relay/open.ts';
import { attachment, contentType } from './content.ts';
import { placeOf } from './place.ts';
import { rangeIn } from './range.ts';

/**
 * A file or a range of it, streamed from its server, unless the client's conditions say otherwise. A `HEAD` request
 * opens no transfer.
 */
export const download = async (c: Context, path: string): Promise<Response> => {
  const { host, target } = await placeOf(c, path);
  const isHead = c.req.method === 'HEAD';
  // Ranges are defined for GET alone (RFC 9110 §14.2).
  const range = isHead ? null : rangeIn(c.req.header('Range'));
  const opened = isHead ? null : await openChannel(c.env, host, downloadChannel, c.get('principal'));
  const rangeOfTag = c.req.header('If-Range')?.trim() ?? null;
  const conditions = conditionsIn(c);
  const ticket = opened?.ticket ?? null;
  const { name, size, mtimeMs, tag, span } = await callHost(c.env, c.get('principal'), host, fileCalls.send, {
    ...target,
    transfer: ticket,
    range,
    rangeOfTag,
    conditions,
  });
  const validators = {
    ETag: tag,
    'Last-Modified': new Date(mtimeMs).toUTCString(),
    // The file may change at any time, so no cache may keep it.
    'Cache-Control': 'private, no-cache',
  };
  const condition = preconditionOf(conditions, tag, mtimeMs);
  if (condition === 'unchanged') return c.body(null, 304, validators);
  if (condition === 'failed') return c.text('The file is not the one that you mean: it has changed', 412, validators);
  if (!span) {
    const headers = { 'Content-Range': `bytes */${size}`, 'Accept-Ranges': 'bytes' };
    return c.text(`The file has ${size} bytes: the range lies outside of it`, 416, headers);
  }
  // An empty part has no place that Content-Range could tell.
  const isPart = range !== null && (rangeOfTag === null || rangeOfTag === tag) && span.bytes > 0;
  const headers = {
    ...validators,
    'Content-Type': contentType(name),
    'Content-Disposition': attachment(name),
    'Content-Length': String(span.bytes),
    'Accept-Ranges': 'bytes',
    // The file was written by an agent: no browser may guess another type for it.
    'X-Content-Type-Options': 'nosniff',
    ...(isPart ? { 'Content-Range': `bytes ${span.start}-${span.start + span.bytes - 1}/${size}` } : {}),
  };
  return new Response(opened ? await receiveBody(opened, span.bytes) : null, { status: isPart ? 206 : 200, headers });
};

const conditionsIn = (c: Context) => ({
  ifMatch: c.req.header('If-Match') ?? null,
  ifNoneMatch: c.req.header('If-None-Match') ?? null,
  ifModifiedSince: c.req.header('If-Modified-Since') ?? null,
  ifUnmodifiedSince: c.req.header('If-Unmodified-Since') ?? null,
});
