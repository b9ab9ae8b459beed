// Files of the servers (contract §2.10), with the names and paths that a hostile client would send.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import * as z from 'zod';
import { int, ok } from '../contract/scalars.ts';
import { me, stack } from '../stage.ts';
import type { RouteCase, Shot } from './case.ts';
import { finished, newMission } from './fixtures.ts';

const fs = '/api/fs';
const query = (path: string): string => encodeURIComponent(path);
/** What nobody may see, in several spellings: our own secrets, and what the kernel shows of processes and devices. */
const forbidden: (() => string)[] = [
  () => `${stack().workingDir}/.openagent/secrets.json`,
  () => `${stack().workingDir}/.openagent/opencode/../host.json`,
  () => `/root/context/../..${stack().workingDir}/.openagent/secrets.json`,
  () => '/proc/self/environ',
  () => '/dev/zero',
  () => '/root/context/../../proc/1/environ',
];

/** A multipart body with one file, as the apps send it. */
const file = (name: string, content: string | Uint8Array): FormData => {
  const form = new FormData();
  form.append('file', new Blob([content]), name);
  return form;
};

const inContext = (name: string, content = 'given'): Shot => ({
  path: `${fs}/upload?path=./context/`,
  body: file(name, content),
});
const entry = z.strictObject({
  name: z.string(),
  path: z.string(),
  kind: z.enum(['dir', 'file', 'link', 'other']),
  size: int,
  mtime: int,
});
const missionDirectory = async (): Promise<string> => stack().missionDirectory(await finished());

export const fileCases: RouteCase[] = [
  {
    route: `GET ${fs}/list`,
    good: [
      ...['/root/context', '/root/work', '/root/tools'].map((path) => ({
        send: { path: `${fs}/list?path=${path}` },
        is: z.array(entry),
      })),
      {
        send: async () => ({ path: `${fs}/list?path=${query(await missionDirectory())}` }),
        is: z.array(entry),
        and: (list: { name: string; kind: string }[]) =>
          expect(list).toContainEqual(expect.objectContaining({ name: 'a.txt', kind: 'file', size: 1 })),
      },
    ],
    bad: [
      { send: { path: `${fs}/list` }, status: 400, says: /path/ },
      { send: { path: `${fs}/list?path=%00` }, status: 400, says: /\S/ },
      {
        send: async () => ({ path: `${fs}/list?path=${query(`${await missionDirectory()}/nowhere`)}` }),
        status: 404,
        says: /\S/,
      },
    ],
  },
  {
    route: `POST ${fs}/mkdir`,
    body: 'required',
    good: [{ send: async () => ({ body: { path: `${await missionDirectory()}/made/here and+there` } }), is: ok() }],
    bad: [{ send: { body: { path: 7 } }, status: 422, says: /path/ }],
  },
  {
    route: `POST ${fs}/rm`,
    body: 'required',
    good: [
      {
        send: async () => {
          await me().call('POST', `${fs}/mkdir`, { path: `${await missionDirectory()}/gone/inner` });
          return { body: { path: `${await missionDirectory()}/gone`, recursive: true } };
        },
        is: ok(),
      },
    ],
    bad: [
      { send: { body: { path: '/etc/passwd', recursive: 'yes' } }, status: 422, says: /recursive/ },
      { send: async () => ({ body: { path: `${await missionDirectory()}/gone` } }), status: 404, says: /\S/ },
    ],
  },
  {
    route: `POST ${fs}/upload`,
    good: [
      {
        send: async () => {
          await newMission('Given a file');
          return inContext('Grüße und mehr.txt', 'hello');
        },
        is: ok({ path: z.string(), name: z.literal('Grüße und mehr.txt') }),
        and: ({ path }) => expect(readFileSync(path, 'utf8')).toBe('hello'),
      },
      // Only the last part of a hostile name counts, and it stays in the directory.
      {
        send: inContext('../../../evil.txt'),
        is: ok({ path: z.string(), name: z.literal('evil.txt') }),
        and: ({ path }) => expect(path).toMatch(/\/context\/[0-9a-f-]{36}\/evil\.txt$/),
      },
    ],
    bad: [
      { send: { path: `${fs}/upload`, body: file('a', 'a') }, status: 400, says: /path/ },
      { send: { path: `${fs}/upload?path=./context/`, body: new FormData() }, status: 400, says: /missing file/ },
      { send: { path: `${fs}/upload?path=./context/`, body: { no: 'form' } }, status: 400, says: /\S/ },
    ],
  },
  {
    route: `POST ${fs}/upload-chunk`,
    good: [
      {
        send: {
          path: `${fs}/upload-chunk?path=./context/&upload_id=big.bin-8-1&chunk_index=0&total_chunks=2`,
          body: file('blob', 'half'),
        },
        is: ok({ chunk_index: z.literal(0), total_chunks: z.literal(2) }),
      },
      // The same piece twice, as a retry sends it.
      {
        send: {
          path: `${fs}/upload-chunk?path=./context/&upload_id=big.bin-8-1&chunk_index=0&total_chunks=2`,
          body: file('blob', 'HALF'),
        },
        is: ok({ chunk_index: z.literal(0), total_chunks: z.literal(2) }),
      },
      {
        send: {
          path: `${fs}/upload-chunk?path=./context/&upload_id=big.bin-8-1&chunk_index=1&total_chunks=2`,
          body: file('blob', 'more'),
        },
        is: ok({ chunk_index: z.literal(1), total_chunks: z.literal(2) }),
      },
    ],
    bad: [
      {
        send: {
          path: `${fs}/upload-chunk?path=./context/&upload_id=%20&chunk_index=0&total_chunks=1`,
          body: file('b', 'x'),
        },
        status: 400,
        says: /upload_id/,
      },
      {
        send: {
          path: `${fs}/upload-chunk?path=./context/&upload_id=a&chunk_index=x&total_chunks=1`,
          body: file('b', 'x'),
        },
        status: 400,
        says: /chunk_index/,
      },
      {
        send: { path: `${fs}/upload-chunk?upload_id=a&chunk_index=0&total_chunks=1`, body: file('b', 'x') },
        status: 400,
        says: /path/,
      },
    ],
  },
  {
    route: `POST ${fs}/upload-finalize`,
    body: 'required',
    good: [
      {
        send: {
          body: { path: './context/', upload_id: 'big.bin-8-1', file_name: 'a/b\\..\\big.bin', total_chunks: 2 },
        },
        is: ok({ path: z.literal('./context/'), name: z.literal('big.bin') }),
      },
    ],
    bad: [
      { send: { body: { path: '', upload_id: 'a', file_name: 'x', total_chunks: 1 } }, status: 400, says: /path/ },
      {
        send: { body: { path: './context/', upload_id: ' ', file_name: 'x', total_chunks: 1 } },
        status: 400,
        says: /upload_id/,
      },
      {
        send: { body: { path: './context/', upload_id: 'never sent', file_name: 'x', total_chunks: 1 } },
        status: 500,
        says: /^Missing chunk/,
      },
      {
        send: { body: { path: './context/', upload_id: '../../x', file_name: ' ', total_chunks: 1 } },
        status: 400,
        says: /\S/,
      },
      {
        send: { body: { path: './context/', upload_id: 'a', file_name: 'x', total_chunks: '1' } },
        status: 422,
        says: /total_chunks/,
      },
    ],
  },
  {
    route: `GET ${fs}/download`,
    good: [
      { send: async () => ({ path: `${fs}/download?path=${query(`${await missionDirectory()}/a.txt`)}` }), is: 'a' },
      {
        send: async () => ({
          path: `${fs}/download?path=${query(`/workspaces/mission-${(await finished()).slice(0, 8)}/a.txt`)}`,
        }),
        is: 'a',
      },
    ],
    bad: [
      { send: { path: `${fs}/download` }, status: 400, says: /path/ },
      {
        send: async () => ({ path: `${fs}/download?path=${query(`${await missionDirectory()}/none.png`)}` }),
        status: 404,
        says: /^File not found: /,
      },
      ...forbidden.map((path) => ({
        send: () => ({ path: `${fs}/download?path=${query(path())}` }),
        status: 403,
        says: /\S/,
      })),
      {
        send: { path: `${fs}/download?path=${query(join('/', 'root/context', 'x\u0000y'))}` },
        status: 400,
        says: /\S/,
      },
    ],
  },
  {
    route: `POST ${fs}/download-url`,
    body: 'required',
    good: [],
    bad: [
      {
        send: { body: { url: 'http://169.254.169.254/latest/meta-data', path: './context/' } },
        status: 400,
        says: /\S/,
      },
      { send: { body: { url: 7, path: './context/' } }, status: 422, says: /url/ },
    ],
  },
];
