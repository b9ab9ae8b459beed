// How a start makes an edge ready for its server: tables, the server's row by /api/internal/setup, and then its dial.
import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { migrations } from '../../worker/directory/migrations.ts';
import { edgeEnv, enrol, freshDirectory, internalToken, migrate, request } from './edge.ts';

beforeEach(freshDirectory);

test('setup may be repeated: it renews the credential and keeps what the server has reported', async () => {
  const first = await enrol();
  await env.DB.prepare("UPDATE hosts SET live = 1, log = 'L', agents = '[]' WHERE id = ?").bind(first.id).run();
  await enrol({ id: first.id, epoch: 2 });

  const { results } = await env.DB.prepare('SELECT id, epoch, live, log, agents FROM hosts').all();
  expect(results).toEqual([{ id: first.id, epoch: 2, live: 1, log: 'L', agents: '[]' }]);
  expect(await migrate()).toEqual([]);
  const { results: applied } = await env.DB.prepare('SELECT name FROM d1_migrations').all();
  expect(applied).toEqual(migrations.map(({ name }) => ({ name })));
});

test('setup wants its token, and does not exist on Cloudflare', async () => {
  const setUp = (variables: object, token: string) =>
    request(
      '/api/internal/setup',
      { method: 'POST', json: {}, headers: { Authorization: `Bearer ${token}` } },
      edgeEnv(variables),
    );

  expect((await setUp({}, 'wrong')).status).toBe(401);
  expect((await setUp({}, internalToken)).status).toBe(422);
  expect((await setUp({ EDGE: undefined }, internalToken)).status).toBe(404);
  expect((await setUp({ INTERNAL_TOKEN: undefined }, '')).status).toBe(404);
});

test('every migration in the folder is bundled, in order', () => {
  const files = Object.keys(import.meta.glob('../../migrations/*.sql', { query: '?raw' })).map((path) =>
    path.split('/').at(-1),
  );

  expect(migrations.map(({ name }) => name)).toEqual(files.sort());
});

test('a host dials in with its own credential only, and cannot choose its epoch', async () => {
  const host = await enrol({ epoch: 3 });
  const dial = (authorization: string) =>
    request('/api/host/link', {
      headers: { Upgrade: 'websocket', Authorization: authorization, 'x-openagent-epoch': '99' },
    });

  for (const wrong of [
    '',
    `Bearer ${host.id}.wrong`,
    `Bearer ${randomUUID()}.${host.credential}`,
    `Bearer ${host.id}`,
  ]) {
    expect((await dial(wrong)).status).toBe(401);
  }
  const open = await dial(`Bearer ${host.id}.${host.credential}`);
  expect([open.status, open.webSocket === null]).toEqual([101, false]);
  open.webSocket?.accept();
  open.webSocket?.close();
  expect((await request('/api/host/link', { headers: { Authorization: `Bearer ${host.id}.x` } })).status).toBe(400);
});
