import { z } from 'zod';
import { finishUpload, listFiles, makeDirectory, removeFiles } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { callHost } from '../call.ts';
import { download } from '../files/download.ts';
import { placeOf } from '../files/place.ts';
import { upload } from '../files/upload.ts';
import { jsonBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { pageOf } from '../http/params.ts';

const pathBody = z.object({ path: z.string() });
const removeBody = pathBody.extend({ recursive: z.boolean().nullish() });
/** Pieces of an upload: at the web app's 5 MiB each this is far above the largest file. */
const maxChunks = 100_000;
const chunkCount = z.number().int().nonnegative();
const finishBody = pathBody.extend({ upload_id: z.string(), file_name: z.string(), total_chunks: chunkCount });
const fetchBody = pathBody.extend({ url: z.string(), file_name: z.string().nullish() });

/** Files of the servers (contract §2.10). Where a path leads, and whether it may, is decided by the server's one resolver. */
export const files = routes()
  .get('/list', async (c) => {
    const { host, target } = await placeOf(c, pathQuery(c));
    return c.json(pageOf(c, await callHost(c.env, host, listFiles, target)));
  })
  .post('/mkdir', async (c) => {
    const { host, target } = await placeOf(c, (await jsonBody(c, pathBody)).path);
    await callHost(c.env, host, makeDirectory, target);
    return c.json({ ok: true });
  })
  .post('/rm', async (c) => {
    const { path, recursive } = await jsonBody(c, removeBody);
    const { host, target } = await placeOf(c, path);
    await callHost(c.env, host, removeFiles, { ...target, recursive: recursive ?? false });
    return c.json({ ok: true });
  })
  .get('/download', (c) => download(c, pathQuery(c)))
  .post('/upload', async (c) => {
    const { path, name } = await upload(c, pathQuery(c), null);
    return c.json({ ok: true, path, name });
  })
  .post('/upload-chunk', async (c) => {
    const path = pathQuery(c);
    const total = chunksOf(numberQuery(c, 'total_chunks'));
    const index = numberQuery(c, 'chunk_index');
    if (index >= total)
      throw new AppError('bad_request', `Chunk ${index} of ${total}: chunk_index is below total_chunks`);
    await upload(c, path, { upload: uploadId(c.req.query('upload_id') ?? ''), index, total });
    return c.json({ ok: true, chunk_index: index, total_chunks: total });
  })
  .post('/upload-finalize', async (c) => {
    const body = await jsonBody(c, finishBody);
    if (body.path.trim() === '')
      throw new AppError('bad_request', 'The path is empty: name the directory for the file');
    if (body.file_name.trim() === '') throw new AppError('bad_request', 'Invalid file_name: it is empty');
    const { host, target } = await placeOf(c, body.path);
    const { name } = await callHost(c.env, host, finishUpload, {
      ...target,
      owner: c.get('user').id,
      upload: uploadId(body.upload_id),
      name: body.file_name,
      total: chunksOf(body.total_chunks),
    });
    return c.json({ ok: true, path: body.path, name });
  })
  .post('/download-url', async (c) => {
    await jsonBody(c, fetchBody);
    throw new AppError(
      'bad_request',
      'This version fetches nothing from other addresses: download the file yourself and upload it, or ask the agent to fetch it',
    );
  });

/** `+` counts as a blank, as in any form (contract §10.2). */
const pathQuery = (c: Context): string => {
  const path = c.req.query('path') ?? '';
  if (path.trim() === '') throw new AppError('bad_request', 'Invalid query: `path` is missing');
  return path;
};

const numberQuery = (c: Context, name: string): number => {
  const text = c.req.query(name) ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AppError('bad_request', `Invalid query: ${name} must be a whole number`);
};

const chunksOf = (total: number): number => {
  if (total >= 1 && total <= maxChunks) return total;
  throw new AppError('bad_request', `Invalid total_chunks: between 1 and ${maxChunks}`);
};

const uploadId = (id: string): string => {
  if (id.trim() !== '' && id.length <= 1000) return id;
  throw new AppError('bad_request', 'Invalid upload_id: a text of 1 to 1000 characters');
};
