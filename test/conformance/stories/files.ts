// A file from the web app's paper clip to the agent and back into the chat (contract §2.10, §10.5).

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiFetch } from '../../support/declared-answer.ts';
import { hasAnswer, tools } from '../clients/visible.ts';
import { me, stack, token, webControl } from '../stage.ts';

const upload = async (query: string, name: string, content: string): Promise<unknown> => {
  const form = new FormData();
  form.append('file', new Blob([content]), name);
  const headers = { authorization: `Bearer ${token()}` };
  const response = await apiFetch(`${stack().url()}/api/fs/${query}`, { method: 'POST', headers, body: form });
  if (!response.ok) throw new Error(`upload answered ${response.status}: ${await response.text()}`);
  return response.json();
};

test('a file given in the web app, whole or in pieces, lies where the agent looks, and comes back by its path', async () => {
  const { id } = (await me().call('POST', '/api/control/missions', { title: 'Given files' })).json;
  const { control } = await webControl(id);
  const whole = (await upload('upload?path=./context/', 'plan b.txt', 'the plan')) as { path: string };
  expect(whole).toMatchObject({ ok: true, name: 'plan b.txt' });

  const id_ = 'big.txt-10-1790000000000';
  for (const [index, piece] of ['first ', 'last'].entries()) {
    const query = `upload-chunk?path=./context/&upload_id=${id_}&chunk_index=${index}&total_chunks=2`;
    expect(await upload(query, 'blob', piece)).toEqual({ ok: true, chunk_index: index, total_chunks: 2 });
  }
  const end = { path: './context/', upload_id: id_, file_name: 'big.txt', total_chunks: 2 };
  expect((await me().call('POST', '/api/fs/upload-finalize', end)).json).toEqual({
    ok: true,
    path: './context/',
    name: 'big.txt',
  });

  // The app puts the name, not the path, before the text.
  await control.send('[Uploaded: plan b.txt]\nTOOL read {"filePath":"context/big.txt"}\nSAY Read.');
  await control.until('the answer', hasAnswer('Read.'));
  expect(tools(control.page.items)).toEqual(['read done']);
  expect(JSON.stringify(control.page.items)).toContain('first last');
  const directory = stack().missionDirectory(id);
  expect(readFileSync(join(directory, 'context', 'plan b.txt'), 'utf8')).toBe('the plan');

  const headers = { authorization: `Bearer ${token()}` };
  for (const path of [
    whole.path,
    `${directory}/context/plan b.txt`,
    '/root/context/plan b.txt',
    './context/plan b.txt',
  ]) {
    const response = await apiFetch(`${stack().url()}/api/fs/download?path=${encodeURIComponent(path)}`, { headers });
    expect([response.status, await response.text()], path).toEqual([200, 'the plan']);
    expect(response.headers.get('content-disposition'), path).toMatch(/^attachment; filename="plan b\.txt"/);
    expect(response.headers.get('content-type'), path).toMatch(/^text\/plain/);
  }
});
