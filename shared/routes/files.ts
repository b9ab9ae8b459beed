/** Files of the servers (contract §2.10). */
import * as z from 'zod';
import { fileEntry } from '../calls/files.ts';
import { json, required, route } from './route.ts';
import { anyPage, count, done } from './scalars.ts';

const pathBody = z.object({ path: z.string() });
const pathText = z.string('`path` is missing').refine((path) => path.trim() !== '', '`path` is missing');
const pathQuery = z.object({ path: pathText });
const numberText = (name: string) =>
  z
    .string(`${name} must be a whole number`)
    .regex(/^\d{1,9}$/, `${name} must be a whole number`)
    .transform(Number);
const form = { kind: 'form', about: 'multipart/form-data with the file as its first field' } as const;
const ofPaths = {
  403: 'You may not reach this path',
  404: 'There is no such file',
  502: 'The server broke the transfer off',
};

export const fileRoutes = {
  list: route({
    method: 'GET',
    path: '/api/fs/list',
    summary: 'What is in a directory of a server',
    who: 'user',
    query: pathQuery.extend(anyPage.shape),
    answer: json(z.array(fileEntry)),
    errors: ofPaths,
  }),
  makeDirectory: route({
    method: 'POST',
    path: '/api/fs/mkdir',
    summary: 'Makes a directory, and those above it',
    who: 'user',
    body: required(pathBody),
    answer: json(done({})),
    errors: ofPaths,
  }),
  remove: route({
    method: 'POST',
    path: '/api/fs/rm',
    summary: 'Removes a file, or a directory with all that is in it',
    who: 'user',
    body: required(pathBody.extend({ recursive: z.boolean().nullish() })),
    answer: json(done({})),
    errors: ofPaths,
  }),
  download: route({
    method: 'GET',
    path: '/api/fs/download',
    summary: 'A file, or a range of it',
    who: 'user',
    query: pathQuery,
    answer: { kind: 'bytes', type: '*/*', isFile: true, about: 'The file, with the type that its name says' },
    errors: {
      ...ofPaths,
      412: 'It is not the file that the conditions mean',
      416: 'The range lies outside of the file',
    },
  }),
  upload: route({
    method: 'POST',
    path: '/api/fs/upload',
    summary: 'Puts a file into a directory',
    who: 'user',
    query: pathQuery,
    body: form,
    answer: json(done({ path: z.string(), name: z.string() })),
    errors: ofPaths,
  }),
  uploadChunk: route({
    method: 'POST',
    path: '/api/fs/upload-chunk',
    summary: 'Keeps a piece of a file',
    who: 'user',
    query: pathQuery.extend({
      total_chunks: numberText('total_chunks'),
      chunk_index: numberText('chunk_index'),
      upload_id: z.string().optional(),
    }),
    body: form,
    answer: json(done({ chunk_index: count, total_chunks: count })),
    errors: ofPaths,
  }),
  finishUpload: route({
    method: 'POST',
    path: '/api/fs/upload-finalize',
    summary: 'Puts the pieces of a file together',
    who: 'user',
    body: required(pathBody.extend({ upload_id: z.string(), file_name: z.string(), total_chunks: count })),
    answer: json(done({ path: z.string(), name: z.string() })),
    errors: ofPaths,
  }),
  fetchUrl: route({
    method: 'POST',
    path: '/api/fs/download-url',
    summary: 'Would fetch a file from another address, which this version does not do',
    who: 'user',
    body: required(pathBody.extend({ url: z.string(), file_name: z.string().nullish() })),
    answer: { kind: 'refused', about: 'Upload the file, or ask the agent to fetch it' },
    errors: { 400: 'This version fetches nothing from other addresses' },
  }),
};
