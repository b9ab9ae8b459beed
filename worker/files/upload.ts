import type * as z from 'zod';
import { fileCalls } from '../../shared/calls/files.ts';
import { type storedFile, uploadChannel } from '../../shared/channels/transfers.ts';
import { AppError } from '../../shared/errors.ts';
import { maxUploadBytes } from '../../shared/limits.ts';
import { callHost } from '../hosts/call.ts';
import { holdUpload } from '../hosts/hold-upload.ts';
import type { Context } from '../http/context.ts';
import { openChannel, sendBody } from '../relay/open.ts';
import { placeOf } from './place.ts';

type Chunk = z.input<typeof fileCalls.receive.args>['chunk'];

/**
 * Streams a multipart body, without parsing it, to the server that the path is on, which takes the first field as the
 * file. Out: where the file is now (a piece of an upload is kept until the others are there). Throws 400 for another
 * content type, 413 above the limit or the owner's quota, 429 where as many are under way as may, else what the server
 * says.
 */
export const upload = async (c: Context, path: string, chunk: Chunk): Promise<z.output<typeof storedFile>> => {
  const contentType = c.req.header('Content-Type') ?? '';
  if (!/^multipart\/form-data\s*;.*boundary=/i.test(contentType)) {
    throw new AppError('bad_request', 'Expected a file: send `multipart/form-data` with the file as its first field');
  }
  if (Number(c.req.header('Content-Length') ?? 0) > maxUploadBytes) {
    throw new AppError('too_large', `The upload is larger than ${maxUploadBytes} bytes`);
  }
  const { host, target } = await placeOf(c, path);
  const principal = c.get('principal');
  const owner = principal.user.id;
  const length = c.req.header('Content-Length');
  const release = await holdUpload(c.env, host, owner, length === undefined ? null : Number(length));
  try {
    const opened = await openChannel(c.env, host, uploadChannel, principal);
    const args = { ...target, transfer: opened.ticket, owner, contentType, chunk };
    await callHost(c.env, principal, host, fileCalls.receive, args);
    return await sendBody(opened, c.req.raw.body);
  } finally {
    release();
  }
};
