import { fileCalls } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { fileRoutes } from '../../shared/routes/files.ts';
import { download } from '../files/download.ts';
import { placeOf } from '../files/place.ts';
import { upload } from '../files/upload.ts';
import { callHost } from '../hosts/call.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';

/** Pieces of an upload: at the web app's 5 MiB each this is far above the largest file. */
const maxChunks = 100_000;

const fetchText =
  'This version fetches nothing from other addresses: download the file yourself and upload it, or ask the agent to fetch it';

/**
 * Files of the servers (contract §2.10). Where a path leads, and whether it may, is decided by the server's one
 * resolver.
 */
export const files: Served[] = [
  on(fileRoutes.list, async ({ c, principal, query }) => {
    const { host, target } = await placeOf(c, query.path);
    return pageOf(c, query, await callHost(c.env, principal, host, fileCalls.list, target));
  }),
  on(fileRoutes.makeDirectory, async ({ c, principal, body: { path } }) => {
    const { host, target } = await placeOf(c, path);
    await callHost(c.env, principal, host, fileCalls.makeDirectory, target);
    return { ok: true };
  }),
  on(fileRoutes.remove, async ({ c, principal, body: { path, recursive } }) => {
    const { host, target } = await placeOf(c, path);
    await callHost(c.env, principal, host, fileCalls.remove, { ...target, recursive: recursive ?? false });
    return { ok: true };
  }),
  on(fileRoutes.download, ({ c, query: { path } }) => download(c, path)),
  on(fileRoutes.upload, async ({ c, query }) => {
    const { path, name } = await upload(c, query.path, null);
    return { ok: true, path, name };
  }),
  on(fileRoutes.uploadChunk, async ({ c, query: { path, total_chunks, chunk_index: index, upload_id } }) => {
    const total = chunksOf(total_chunks);
    if (index >= total)
      throw new AppError('bad_request', `Chunk ${index} of ${total}: chunk_index is below total_chunks`);
    await upload(c, path, { upload: uploadId(upload_id ?? ''), index, total });
    return { ok: true, chunk_index: index, total_chunks: total };
  }),
  on(fileRoutes.finishUpload, async ({ c, principal, body }) => {
    if (body.path.trim() === '')
      throw new AppError('bad_request', 'The path is empty: name the directory for the file');
    if (body.file_name.trim() === '') throw new AppError('bad_request', 'Invalid file_name: it is empty');
    const { host, target } = await placeOf(c, body.path);
    const { name } = await callHost(c.env, principal, host, fileCalls.finish, {
      ...target,
      owner: principal.user.id,
      upload: uploadId(body.upload_id),
      name: body.file_name,
      total: chunksOf(body.total_chunks),
    });
    return { ok: true, path: body.path, name };
  }),
  on(fileRoutes.fetchUrl, () => {
    throw new AppError('bad_request', fetchText);
  }),
];

const chunksOf = (total: number): number => {
  if (total >= 1 && total <= maxChunks) return total;
  throw new AppError('bad_request', `Invalid total_chunks: between 1 and ${maxChunks}`);
};

const uploadId = (id: string): string => {
  if (id.trim() !== '' && id.length <= 1000) return id;
  throw new AppError('bad_request', 'Invalid upload_id: a text of 1 to 1000 characters');
};
