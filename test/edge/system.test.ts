import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import packageJson from '../../package.json';
import { answeringHost } from './answering-host.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const json = async (path: string, init: RequestInit & { json?: unknown } = {}) => (await user(path, init)).json();
const textOf = async (path: string, method: string, body?: unknown) => {
  const response = await user(path, { method, json: body });
  return [response.status, await response.text()];
};

const state = {
  version: '1.18.33',
  base_url: 'http://127.0.0.1:4567',
  permissive: true,
  path: '/x/opencode',
  error: null,
};
const gone = { version: null, base_url: null, permissive: true, path: null, error: 'OpenCode did not answer' };

const openAgent = {
  name: 'open_agent',
  version: packageJson.version,
  installed: true,
  update_available: null,
  path: null,
  status: 'ok',
};
const noPlugin = { ...openAgent, name: 'oh_my_opencode', version: null, installed: false, status: 'not_installed' };
const openCode = { ...openAgent, name: 'opencode' };

test('components have the versions that they say of themselves', async () => {
  const { peer } = await answeringHost({ 'opencode.state': () => state });
  const known = await json('/api/system/components');
  peer.close();
  await peer.closed;

  expect(known).toEqual({
    components: [openAgent, { ...openCode, version: '1.18.33', path: '/x/opencode' }, noPlugin],
  });
});

test('an OpenCode that does not answer is an error, and without a server there is none', async () => {
  const none = await json('/api/system/components');
  await answeringHost({ 'opencode.state': () => gone });
  const silent = await json('/api/system/components');
  await freshDirectory();
  await enrol();
  const away = await json('/api/system/components');

  const error = { ...openCode, version: null, status: 'error' };
  expect(none).toEqual({
    components: [openAgent, { ...openCode, version: null, installed: false, status: 'not_installed' }, noPlugin],
  });
  expect(silent).toEqual({ components: [openAgent, error, noPlugin] });
  expect(away).toEqual(silent);
});

test.for(['open_agent', 'opencode', 'oh_my_opencode'])(
  'an update of %s fails in a line the web app reads',
  async (name) => {
    const response = await user(`/api/system/components/${name}/update`, { method: 'POST' });
    const text = await response.text();

    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => line.slice(0, 6))).toEqual(['data: ']);
    expect(JSON.parse(text.slice('data: '.length))).toEqual({
      event_type: 'error',
      message: expect.stringMatching(name === 'oh_my_opencode' ? /not installed/ : /openagent update/),
      progress: null,
    });
  },
);

test('an unknown component is refused', async () => {
  expect(await textOf('/api/system/components/kernel/update', 'POST')).toEqual([400, 'Unknown component: kernel']);
  expect((await textOf('/api/system/components/toString/update', 'POST'))[0]).toBe(400);
});

test('the one connection of a server is its own OpenCode, without any password, and read-only', async () => {
  const { id } = await answeringHost({ 'opencode.state': () => state });
  const list = await json('/api/opencode/connections');
  const one = await json(`/api/opencode/connections/${id}`);

  expect(list).toEqual([
    {
      id,
      name: 'OpenCode of test',
      base_url: 'http://127.0.0.1:4567',
      agent: null,
      permissive: true,
      enabled: true,
      is_default: true,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    },
  ]);
  expect(one).toEqual((list as unknown[])[0]);
  expect(await json(`/api/opencode/connections/${id}/default`, { method: 'POST' })).toEqual(one);
  expect(await json(`/api/opencode/connections/${id}/test`, { method: 'POST' })).toEqual({
    success: true,
    message: 'OpenCode 1.18.33 answers',
    version: '1.18.33',
  });
  const path = `/api/opencode/connections/${id}`;
  const connection = { name: 'mine', base_url: 'http://127.0.0.1:1' };
  expect(await textOf('/api/opencode/connections', 'POST', connection)).toEqual([
    400,
    expect.stringContaining('read-only'),
  ]);
  expect(await textOf('/api/opencode/connections', 'POST', { ...connection, name: ' ' })).toEqual([
    400,
    'Name cannot be empty',
  ]);
  expect((await textOf('/api/opencode/connections', 'POST', { ...connection, base_url: 'ftp://x' }))[1]).toMatch(
    /^Invalid URL/,
  );
  expect((await textOf('/api/opencode/connections', 'POST', { name: 'x' }))[0]).toBe(422);
  expect((await textOf(path, 'PUT', { name: 'x' }))[0]).toBe(400);
  expect((await textOf(path, 'DELETE'))[0]).toBe(400);
  expect((await textOf('/api/opencode/connections/7', 'GET'))[0]).toBe(400);
  const other = '0000aaaa-0000-4000-8000-000000000000';
  expect(await textOf(`/api/opencode/connections/${other}`, 'DELETE')).toEqual([404, `Connection ${other} not found`]);
});

test('a connection of a server that is away fails its test with the reason', async () => {
  const { id } = await enrol();
  const tested = await json(`/api/opencode/connections/${id}/test`, { method: 'POST' });

  expect(tested).toEqual({ success: false, message: expect.stringContaining('away'), version: null });
  expect(await json(`/api/opencode/connections/${id}`)).toMatchObject({ base_url: '' });
});

test('there are no settings of oh-my-opencode, and OpenCode is not restarted from here', async () => {
  expect(await json('/api/opencode/settings')).toEqual({});
  expect(await textOf('/api/opencode/settings', 'PUT', {})).toEqual([400, expect.stringContaining('oh-my-opencode')]);
  expect((await textOf('/api/opencode/settings', 'PUT', []))[0]).toBe(422);
  expect(await textOf('/api/opencode/restart', 'POST')).toEqual([400, expect.stringContaining('systemctl restart')]);
});

test("diagnostics are about the user's own newest mission, and answer 200 whatever is wrong", async () => {
  const none = await user('/api/control/diagnostics/opencode');
  const status = {
    session_id: 'ses_1',
    session_info: { id: 'ses_1' },
    message_count: 2,
    running_tools: [],
    completed_tools: [{ name: 'bash', call_id: 'c', status: 'completed' }],
  };
  const known = { base_url: state.base_url, session_id: 'ses_1', session_status: status, error: null };
  const { id, asked, peer } = await answeringHost({ 'opencode.diagnostics': () => known });
  const mine = crypto.randomUUID();
  await env.DB.batch(
    [
      [mine, 'default', 1],
      [crypto.randomUUID(), 'bob', 2],
    ].map(([mission, owner, updated]) =>
      env.DB.prepare(
        `INSERT INTO missions (id, host, owner, status, workspace, cost_usd, history, created_at, updated_at, log, rev)
         VALUES (?, ?, ?, 'active', 'w', 0, '[]', 1, ?, 'l', 1)`,
      ).bind(mission, id, owner, updated),
    ),
  );
  const answered = await user('/api/control/diagnostics/opencode');

  expect([none.status, await none.json()]).toEqual([
    200,
    { base_url: null, session_id: null, session_status: null, error: 'No server is enrolled' },
  ]);
  expect([answered.status, await answered.json()]).toEqual([200, known]);
  expect(asked).toEqual([{ method: 'opencode.diagnostics', args: { mission: mine } }]);
  peer.close();
  await peer.closed;
  await freshDirectory();
  await enrol();
  expect(await (await user('/api/control/diagnostics/opencode')).json()).toMatchObject({
    session_id: null,
    error: expect.stringContaining('away'),
  });
});

test('another server is chosen by ?host=, an unknown one is 404', async () => {
  await enrol();
  const { id } = await answeringHost({ 'opencode.state': () => state });
  await env.DB.prepare('UPDATE hosts SET created_at = created_at + 1000 WHERE id = ?').bind(id).run();
  const versionOn = async (query: string) => {
    const { components } = (await json(`/api/system/components${query}`)) as { components: { version: string }[] };
    return components[1]?.version;
  };

  expect([await versionOn(''), await versionOn(`?host=${id}`)]).toEqual([null, '1.18.33']);
  expect((await user('/api/system/components?host=x')).status).toBe(404);
});
