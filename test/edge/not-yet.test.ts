// Parts of the contract that this version does not have: what their endpoints say instead.
import { beforeEach, expect, test } from 'vitest';
import { asUser, enrol, freshDirectory, request, tokenOf } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const id = '0000aaaa-0000-4000-8000-000000000000';
const ask = async (method: string, path: string, json?: unknown) => {
  const response = await user(path, { method, json });
  const type = response.headers.get('Content-Type') ?? '';
  return [response.status, type.startsWith('application/json') ? await response.json() : await response.text()];
};

test('the secret store says that it is not there, and refuses everything else with 503, never 401', async () => {
  expect(await ask('GET', '/api/secrets/status')).toEqual([
    200,
    { initialized: false, can_decrypt: false, registries: [] },
  ]);
  const refused: [string, string][] = [
    ['POST', '/api/secrets/initialize'],
    ['POST', '/api/secrets/unlock'],
    ['POST', '/api/secrets/lock'],
    ['GET', '/api/secrets/registries'],
    ['GET', '/api/secrets/registries/mcp-tokens'],
    ['DELETE', '/api/secrets/registries/mcp-tokens'],
    ['POST', '/api/secrets/registries/mcp-tokens/key'],
    ['GET', '/api/secrets/registries/mcp-tokens/key'],
    ['DELETE', '/api/secrets/registries/mcp-tokens/key'],
    ['GET', '/api/secrets/registries/mcp-tokens/key/reveal'],
  ];
  for (const [method, path] of refused) {
    expect(await ask(method, path, method === 'POST' ? { passphrase: 'x', value: 'x' } : undefined)).toEqual([
      503,
      'Secrets system not available',
    ]);
  }
});

test('there are no desktops: the list is empty, and one that is named is not found, with its colon or without', async () => {
  expect(await ask('GET', '/api/desktop/sessions')).toEqual([200, { sessions: [] }]);
  expect(await ask('POST', '/api/desktop/sessions/cleanup')).toEqual([
    200,
    { success: true, message: 'No orphaned desktop sessions' },
  ]);
  const missing = [404, 'No mission has a desktop session on display :99'];
  expect(await ask('POST', '/api/desktop/sessions/:99/close')).toEqual(missing);
  expect(await ask('POST', '/api/desktop/sessions/99/close')).toEqual(missing);
  expect(await ask('POST', '/api/desktop/sessions/%3A99/keep-alive', { extension_secs: 60 })).toEqual(missing);
  expect((await ask('POST', '/api/desktop/sessions/:99/keep-alive'))[0]).toBe(415);
  expect((await ask('POST', '/api/desktop/sessions/:99/keep-alive', { extension_secs: 'long' }))[0]).toBe(422);
  expect(await ask('POST', '/api/desktop/sessions/screen/close')).toEqual([400, 'Invalid display format']);
});

test('no MCP server is registered, and none can be: the page is told where they are written', async () => {
  expect(await ask('GET', '/api/mcp')).toEqual([200, []]);
  expect(await ask('POST', '/api/mcp/refresh')).toEqual([
    200,
    { success: true, message: 'No MCP servers are registered: nothing to refresh' },
  ]);
  const bodies = [
    { name: 'x', transport: { stdio: { command: 'x', args: [], env: {} } } },
    { name: 'x', transport: { http: { endpoint: 'https://x', headers: {} } }, scope: 'global' },
    { name: 'x', endpoint: 'https://x' },
  ];
  for (const body of bodies) {
    expect(await ask('POST', '/api/mcp', body)).toEqual([400, expect.stringContaining('OPENCODE_CONFIG_CONTENT')]);
  }
  expect((await ask('POST', '/api/mcp', { name: 'x' }))[0]).toBe(422);
  expect((await ask('POST', '/api/mcp', { name: 'x', transport: { carrier: {} } }))[0]).toBe(422);
  const named: [string, string][] = [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/enable'],
    ['POST', '/disable'],
    ['POST', '/refresh'],
  ];
  for (const [method, tail] of named) {
    expect(await ask(method, `/api/mcp/${id}${tail}`)).toEqual([404, `MCP server ${id} not found`]);
  }
  expect(await ask('PATCH', `/api/mcp/${id}`, { enabled: false })).toEqual([404, `MCP server ${id} not found`]);
  expect((await ask('GET', '/api/mcp/7'))[0]).toBe(400);
});

test('there are no tools to switch', async () => {
  expect(await ask('GET', '/api/tools')).toEqual([200, []]);
  expect(await ask('POST', '/api/tools/bash/toggle', { enabled: false })).toEqual([404, 'Tool bash not found']);
  expect((await ask('POST', '/api/tools/bash/toggle', {}))[0]).toBe(422);
});

test('legacy tasks are refused with the way to go, and none is found', async () => {
  expect(await ask('GET', '/api/tasks')).toEqual([200, []]);
  expect(await ask('POST', '/api/task', { task: 'x' })).toEqual([
    400,
    expect.stringContaining('/api/control/missions'),
  ]);
  expect((await ask('POST', '/api/task', {}))[0]).toBe(422);
  expect(await ask('GET', `/api/task/${id}`)).toEqual([404, `Task ${id} not found`]);
  expect(await ask('POST', `/api/task/${id}/stop`)).toEqual([404, `Task ${id} not found`]);
  expect(await ask('GET', `/api/task/${id}/stream`)).toEqual([404, `Task ${id} not found`]);
});

test('memory has nothing, and wants to know what was searched', async () => {
  expect(await ask('GET', '/api/memory/search?q=two+words')).toEqual([200, { query: 'two words', results: [] }]);
  expect((await ask('GET', '/api/memory/search'))[0]).toBe(400);
});

const dial = (path: string, protocols?: string) => {
  const headers = { Upgrade: 'websocket', ...(protocols ? { 'Sec-WebSocket-Protocol': protocols } : {}) };
  return request(path, { headers });
};

test('terminals and desktops: who dials has to be known first, and is then told that there are none yet', async () => {
  const host = await enrol();
  const own = `openagent, jwt.${await tokenOf('default')}`;
  const nil = '00000000-0000-0000-0000-000000000000';
  const paths = ['/api/console/ws', `/api/workspaces/${nil}/shell`, '/api/desktop/stream?display=:99&fps=10'];
  for (const path of paths) {
    const without = await dial(path, 'openagent');
    const wrong = await dial(path, 'openagent, jwt.wrong');
    expect([without.status, await without.text()]).toEqual([401, 'Missing websocket JWT']);
    expect([wrong.status, await wrong.text()]).toEqual([401, 'Invalid or expired token']);
    const known = await dial(path, own);
    expect([path, known.status, await known.text()]).toEqual([path, 503, expect.stringContaining('yet')]);
  }
  expect((await dial(`/api/workspaces/${host.workspaceId}/shell`, own)).status).toBe(503);
  expect((await dial(`/api/workspaces/${id}/shell`, own)).status).toBe(404);
  expect((await dial('/api/workspaces/7/shell', own)).status).toBe(400);
  const badDisplay = await dial('/api/desktop/stream?display=99', own);
  expect([badDisplay.status, await badDisplay.text()]).toEqual([400, 'Invalid display format']);
  expect((await dial('/api/desktop/stream', own)).status).toBe(400);
});

test('the paths of sockets are open to nothing else: other methods and other paths want the header', async () => {
  const protocols = { 'Sec-WebSocket-Protocol': `openagent, jwt.${await tokenOf('default')}` };
  const answers = await Promise.all([
    request('/api/console/ws', { method: 'POST', headers: protocols }),
    request('/api/control/missions', { headers: { ...protocols, Upgrade: 'websocket' } }),
    request('/api/monitoring/wsx', { headers: protocols }),
  ]);

  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(
    Array(3).fill('Missing Authorization header'),
  );
});
