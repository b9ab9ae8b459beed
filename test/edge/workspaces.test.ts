import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { answeringHost } from './answering-host.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const nil = '00000000-0000-0000-0000-000000000000';
const unknown = '0000aaaa-0000-4000-8000-000000000000';
const ask = async (method: string, path: string, json?: unknown): Promise<[number, unknown]> => {
  const response = await user(`/api/workspaces${path}`, { method, json });
  const type = response.headers.get('Content-Type') ?? '';
  return [response.status, type.startsWith('application/json') ? await response.json() : await response.text()];
};

const debug = {
  path: '/srv',
  path_exists: true,
  directories: [{ path: 'bin', exists: false, file_count: null }],
  has_bash: true,
};

test('a workspace is created by no request of this version, and the first thing wrong with it is said first', async () => {
  await answeringHost({});
  expect(await ask('POST', '', { name: ' ' })).toEqual([400, 'Name cannot be empty']);
  expect(await ask('POST', '', { name: 'a/b' })).toEqual([400, 'Name contains invalid characters']);
  expect(await ask('POST', '', { name: 'a..b' })).toEqual([400, 'Name contains invalid characters']);
  expect(await ask('POST', '', { name: '.a' })).toEqual([400, 'Name cannot start with a dot']);
  expect(await ask('POST', '', { name: 'a', template: 't' })).toEqual([503, 'Library not initialized']);
  for (const path of ['../a', '/etc', '/srv/../etc', '/srvx']) {
    expect(await ask('POST', '', { name: 'a', path })).toEqual([
      400,
      'Custom path must be within the working directory',
    ]);
  }
  expect((await ask('POST', '', { name: 'host' }))[0]).toBe(409);
  for (const path of ['sub', '/srv/sub', undefined]) {
    expect(await ask('POST', '', { name: 'a', workspace_type: 'chroot', path })).toEqual([
      400,
      expect.stringContaining('creates no others yet'),
    ]);
  }
  expect((await ask('POST', '', { name: 'a', workspace_type: 'vm' }))[0]).toBe(422);
  expect((await ask('POST', ''))[0]).toBe(415);
});

test('the host workspace keeps as it is: what asks for no change succeeds, a change names what it cannot', async () => {
  await answeringHost({});
  const [, workspace] = await ask('GET', `/${nil}`);
  const same = { name: 'host', skills: [], template: '', distro: null, env_vars: {}, init_script: '' };

  expect(await ask('PUT', `/${nil}`, same)).toEqual([200, workspace]);
  expect(await ask('PUT', `/${nil}`, {})).toEqual([200, workspace]);
  expect(await ask('PUT', `/${nil}`, { name: 'box', skills: ['a'] })).toEqual([
    400,
    expect.stringMatching(/cannot change: name, skills$/),
  ]);
  expect(await ask('PUT', `/${nil}`, { name: '' })).toEqual([400, 'Name cannot be empty']);
  expect(await ask('PUT', `/${unknown}`, {})).toEqual([404, `Workspace ${unknown} not found`]);
  expect((await ask('PUT', `/${nil}`, { skills: 'all' }))[0]).toBe(422);
});

test('the default workspace cannot be deleted, nor another by anything but removing its server', async () => {
  await enrol();
  const second = await enrol();
  await env.DB.prepare('UPDATE hosts SET created_at = created_at + 1, name = ? WHERE id = ?')
    .bind('box', second.id)
    .run();

  expect(await ask('DELETE', `/${nil}`)).toEqual([400, 'Cannot delete default host workspace']);
  expect(await ask('DELETE', `/${second.workspaceId}`)).toEqual([
    400,
    expect.stringContaining('openagent hosts remove box'),
  ]);
  expect(await ask('DELETE', `/${unknown}`)).toEqual([404, `Workspace ${unknown} not found`]);
});

test('nothing is built or initialised in a host workspace, with or without a body', async () => {
  await enrol();
  const empty = await user(`/api/workspaces/${nil}/build`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
  });

  expect([empty.status, await empty.text()]).toEqual([400, 'Workspace is not a container type']);
  expect((await ask('POST', `/${nil}/build`, { distro: 'noble' }))[0]).toBe(400);
  expect((await ask('POST', `/${nil}/rerun-init`))[0]).toBe(400);
  expect(await ask('POST', `/${nil}/sync`)).toEqual([503, 'Library not initialized']);
  expect((await ask('POST', `/${nil}/exec`, { command: 'id' }))[0]).toBe(400);
  expect((await ask('POST', `/${nil}/exec`, {}))[0]).toBe(422);
  for (const tail of ['build', 'rerun-init', 'sync']) {
    expect(await ask('POST', `/${unknown}/${tail}`)).toEqual([404, `Workspace ${unknown} not found`]);
  }
});

test("what is on a workspace's disk and in its init log comes from its server", async () => {
  const log = { exists: true, content: 'one\ntwo', total_lines: 2 };
  await answeringHost({ 'workspace.debug': () => debug, 'workspace.init_log': () => log });

  expect(await ask('GET', `/${nil}/debug`)).toEqual([
    200,
    {
      id: nil,
      name: 'host',
      status: 'ready',
      ...debug,
      size_bytes: null,
      init_script_exists: false,
      init_script_modified: null,
      distro: null,
      last_error: null,
    },
  ]);
  expect(await ask('GET', `/${nil}/init-log`)).toEqual([200, { ...log, log_path: '/var/log/openagent-init.log' }]);
  expect((await ask('GET', `/${unknown}/debug`))[0]).toBe(404);
});

test('of a server that is away, and of none at all, nothing is made up', async () => {
  expect((await ask('GET', `/${nil}/debug`))[0]).toBe(503);
  await enrol();

  expect(await ask('GET', `/${nil}/debug`)).toEqual([503, expect.stringContaining('away')]);
  expect((await ask('GET', `/${nil}/init-log`))[0]).toBe(503);
});
