import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory } from './edge.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';

const key = 'sk-edge-4711-do-not-leak';
const ada = asUser('ada');
let host: EnrolledHost;

const up = async (): Promise<HostPeer> => {
  const peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  return peer;
};

/** Sends a request, answers the call it becomes, and gives both. */
const played = async (peer: HostPeer, asked: Promise<Response>, value: unknown) => {
  const { id, method, args } = await peer.next('call');
  peer.send({ type: 'result', id, ok: true, value });
  const response = await asked;
  return { method, args, status: response.status, text: await response.text() };
};

const groq = {
  id: 'groq',
  provider_type: 'groq',
  provider_type_name: 'Groq',
  name: 'Groq',
  has_api_key: true,
  has_oauth: false,
  base_url: null,
  enabled: true,
  is_default: false,
  uses_oauth: false,
  auth_methods: [{ label: 'API Key', type: 'api' }],
  status: { type: 'connected' },
  created_at: '2026-01-10T12:00:00.000Z',
  updated_at: '2026-01-10T12:00:00.000Z',
};
const post = (path: string, json?: unknown) => ada(`/api/ai/providers${path}`, { method: 'POST', json });

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
});

test('a key goes through to the server and is kept nowhere on its way', async () => {
  const peer = await up();

  const asked = post('', { provider_type: 'groq', name: 'Groq', api_key: key, more: 'ignored' });
  const { method, args, status, text } = await played(peer, asked, groq);

  expect([method, args]).toEqual([
    'providers.create',
    { id: 'groq', name: 'Groq', api_key: key, base_url: null, enabled: true },
  ]);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual(groq);
  const stored = await runInDurableObject(env.HOST.getByName(host.id), (_instance, { storage: { sql } }) => dump(sql));
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  ).all();
  const directory = await Promise.all(
    tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
  );
  expect(stored.length).toBeGreaterThan(100);
  expect(stored + JSON.stringify(directory)).not.toContain(key);
});

test('a change tells a missing field from null, which clears', async () => {
  const peer = await up();
  const change = (json: object) => played(peer, ada('/api/ai/providers/groq', { method: 'PUT', json }), groq);

  expect((await change({ base_url: null, api_key: null })).args).toEqual({ id: 'groq', base_url: null, api_key: null });
  expect((await change({ name: null, enabled: false })).args).toEqual({ id: 'groq', enabled: false });
});

test('each route asks the server for what the contract says and answers in its shape', async () => {
  const peer = await up();
  const get = (path: string) => ada(`/api/ai/providers${path}`);

  expect((await played(peer, get(''), [groq])).text).toBe(JSON.stringify([groq]));
  expect((await played(peer, get('/groq'), groq)).method).toBe('providers.get');
  expect(JSON.parse((await played(peer, get('/groq/auth/methods'), groq)).text)).toEqual(groq.auth_methods);
  const auth = (provider: object) => played(peer, post('/groq/auth'), provider).then(({ text }) => JSON.parse(text));
  expect(await auth(groq)).toEqual({ success: true, message: 'Groq is connected', auth_url: null });
  const away = { ...groq, id: 'anthropic', status: { type: 'needs_auth', auth_url: null } };
  expect(await auth(away)).toMatchObject({ success: false, auth_url: expect.stringMatching(/^https:/) });
  expect((await played(peer, post('/groq/default', {}), groq)).args).toEqual({ id: 'groq', model: null });
  const begun = { url: 'https://x', instructions: 'i', method: 'code' };
  const authorize = await played(peer, post('/openai/oauth/authorize', { method_index: 1 }), begun);
  expect([authorize.args, JSON.parse(authorize.text)]).toEqual([{ id: 'openai', method_index: 1 }, begun]);
  const callback = await played(peer, post('/openai/oauth/callback', { method_index: 1, code: 'c#s' }), groq);
  expect(callback.args).toEqual({ id: 'openai', method_index: 1, code: 'c#s' });
  const removed = ada('/api/ai/providers/groq', { method: 'DELETE' });
  expect((await played(peer, removed, { text: 'Groq is disconnected.' })).text).toBe('Groq is disconnected.');
});

test('who is no admin changes no provider and no connection, and nothing of it reaches the server', async () => {
  const peer = await up();
  const accounts = [
    { username: 'ada', password: 'x', admin: true },
    { username: 'bob', password: 'x' },
  ];
  const bob = asUser('bob', edgeEnv({ OPEN_AGENT_USERS: JSON.stringify(accounts) }));
  const setUp = { provider_type: 'anthropic', name: 'A', api_key: key, base_url: 'http://evil.example' };
  const login = { method_index: 0, code: 'c' };
  const tried: [method: string, path: string, json?: object][] = [
    ['POST', '/api/ai/providers', setUp],
    ['PUT', '/api/ai/providers/anthropic', { base_url: 'http://evil.example' }],
    ['DELETE', '/api/ai/providers/anthropic'],
    ['POST', '/api/ai/providers/anthropic/default', {}],
    ['POST', '/api/ai/providers/anthropic/oauth/authorize', login],
    ['POST', '/api/ai/providers/anthropic/oauth/callback', login],
    ['POST', '/api/ai/providers/opencode-auth', {}],
    ['POST', '/api/opencode/connections', { name: 'n', base_url: 'http://evil.example' }],
    ['PUT', `/api/opencode/connections/${host.id}`, { base_url: 'http://evil.example' }],
    ['DELETE', `/api/opencode/connections/${host.id}`],
    ['POST', `/api/opencode/connections/${host.id}/default`],
    ['PUT', '/api/opencode/settings', {}],
    ['POST', '/api/opencode/restart'],
  ];
  for (const [method, path, json] of tried) {
    const answer = await bob(path, { method, ...(json ? { json } : {}) });
    expect([answer.status, await answer.text()], `${method} ${path}`).toEqual([
      403,
      expect.stringMatching(/^Only an admin may change the (providers|OpenCode) of a server: ask/),
    ]);
  }
  // The first call that comes is one that he may make.
  expect((await played(peer, bob('/api/ai/providers'), [])).method).toBe('providers.list');
});

test('the ten listed types need no server, and keys are never shown', async () => {
  const types = await (await ada('/api/ai/providers/types')).json();
  expect(types).toHaveLength(10);
  expect(types).toContainEqual({ id: 'anthropic', name: 'Anthropic', uses_oauth: true, env_var: 'ANTHROPIC_API_KEY' });

  const auth = await ada('/api/ai/providers/opencode-auth');
  expect([auth.status, await auth.text()]).toEqual([403, expect.stringContaining('nothing ever shows them')]);
  expect((await post('/opencode-auth', { provider: 'x' })).status).toBe(400);
});

test('what a client can send wrong is a text of its own, without what was sent', async () => {
  const wrong: [Promise<Response>, number][] = [
    [post('', { provider_type: 'nonsense', name: 'x', api_key: key }), 422],
    [post('', { provider_type: 'groq', api_key: key }), 422],
    [post('', { provider_type: 'groq', name: 'x', api_key: [key] }), 422],
    [
      ada('/api/ai/providers', {
        method: 'POST',
        body: `{"api_key":${key}`,
        headers: { 'Content-Type': 'application/json' },
      }),
      400,
    ],
    [post('/nonsense/default'), 404],
    [ada('/api/ai/providers/nonsense'), 404],
    [post('/openai/oauth/authorize', { method_index: 'one' }), 422],
    [post('/openai/oauth/callback', { method_index: 0 }), 422],
    [ada(`/api/ai/providers?host=${crypto.randomUUID()}`), 404],
    [ada('/api/ai/providers/groq', { method: 'PATCH' }), 405],
  ];
  for (const [asked, status] of wrong) {
    const response = await asked;
    const text = await response.text();
    expect([response.status, text.includes(key)]).toEqual([status, false]);
    expect(text).not.toBe('');
  }
});

test('without its server a provider is 503 with what to do, and the model picker is empty', async () => {
  const away = await ada('/api/ai/providers');
  expect([away.status, await away.text()]).toEqual([503, expect.stringContaining('away')]);
  expect(await (await ada('/api/providers')).json()).toEqual({ providers: [] });

  await freshDirectory();
  const none = await ada('/api/ai/providers');
  expect([none.status, await none.text()]).toEqual([503, expect.stringContaining('openagent up')]);
  expect(await (await ada('/api/providers')).json()).toEqual({ providers: [] });
});

/** Every row of every table of an object. */
const dump = (sql: SqlStorage): string =>
  [
    ...sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    ),
  ]
    .map(({ name }) => JSON.stringify([name, sql.exec(`SELECT * FROM "${name}"`).toArray()]))
    .join('\n');
