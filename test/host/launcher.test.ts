import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { apiFetch } from '../support/declared-answer.ts';
import { alive, freshWorkingDir, type Launched, launch, processTree } from '../support/launched.ts';
import { noMount } from '../support/needs.ts';
import { patience } from '../support/patience.ts';

/** Two cores shared with other suites: a start takes about 2 s alone. */

let directory: ReturnType<typeof freshWorkingDir>;
let launched: Launched | undefined;

beforeEach(() => {
  directory = freshWorkingDir();
});

afterEach(async () => {
  launched?.kill('SIGTERM');
  await launched?.ended;
  directory.remove();
});

const start = async (environment?: Record<string, string>) => {
  launched = launch(directory.path, environment);
  return { launched, url: await launched.ready() };
};

const logIn = async (url: string, password: string): Promise<Response> =>
  apiFetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  });

const tokenOf = async (response: Response) => z.object({ token: z.string() }).parse(await response.json()).token;

const generatedPassword = async (from: Launched) => (await from.printed(/The password is (\S+-\S+)/))[1] ?? '';

const state = (file: string) => readFileSync(join(directory.path, '.openagent', file), 'utf8');

test('the first start shows a password that logs in, a later one continues with the same state', async () => {
  const first = await start();
  const password = await generatedPassword(first.launched);
  const login = await logIn(first.url, password);
  const token = await tokenOf(login);
  const [host, secrets] = [state('host.json'), state('secrets.json')];
  first.launched.kill('SIGTERM');
  expect(await first.launched.ended).toBe(0);

  const second = await start();

  expect((await logIn(second.url, password)).status).toBe(200);
  const missions = await apiFetch(`${second.url}/api/control/missions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(missions.status).toBe(200);
  expect(second.launched.output()).not.toContain(password);
  expect(state('secrets.json')).toBe(secrets);
  expect(secrets).not.toContain(password);
  expect({ ...JSON.parse(state('host.json')), url: '' }).toEqual({ ...JSON.parse(host), url: '' });
});

test('a password that was changed since the last start is the only one once the next is ready', async () => {
  const first = await start({ DASHBOARD_PASSWORD: 'a password' });
  first.launched.kill('SIGTERM');
  await first.launched.ended;

  const second = await start({ DASHBOARD_PASSWORD: 'b password' });

  expect((await logIn(second.url, 'a password')).status).toBe(401);
  expect((await logIn(second.url, 'b password')).status).toBe(200);
  expect(second.launched.output()).not.toMatch(/is down|runs again/);
});

test('a login outlives a restart with the same password, and none with another', async () => {
  const begun = async (password: string) => {
    const { launched, url } = await start({ DASHBOARD_PASSWORD: password });
    const status = async (token: string) =>
      (await apiFetch(`${url}/api/stats`, { headers: { authorization: `Bearer ${token}` } })).status;
    const end = async () => {
      launched.kill('SIGTERM');
      await launched.ended;
    };
    return { url, status, end };
  };
  const first = await begun('a password');
  const token = await tokenOf(await logIn(first.url, 'a password'));
  await first.end();
  const again = await begun('a password ');
  expect(await again.status(token)).toBe(200);
  await again.end();

  const other = await begun('another password');
  expect(await other.status(token)).toBe(401);
  expect(await other.status(await tokenOf(await logIn(other.url, 'another password')))).toBe(200);
});

test('SIGTERM ends every process and exits 0, also with a stream open', async () => {
  const { launched, url } = await start({ DASHBOARD_PASSWORD: 'a password' });
  const token = await tokenOf(await logIn(url, 'a password'));
  const stream = await apiFetch(`${url}/api/control/stream`, { headers: { authorization: `Bearer ${token}` } });
  await stream.body?.getReader().read();
  const processes = processTree(launched.pid);

  launched.kill('SIGTERM');

  expect(await launched.ended).toBe(0);
  expect(alive(processes)).toEqual([]);
});

test('SIGTERM during the start ends what was started', async () => {
  launched = launch(directory.path);
  await launched.printed(/Starting the edge/);
  const processes = [...processTree(launched.pid), ...Object.values(launched.processes())];

  launched.kill('SIGTERM');

  expect(await launched.ended).toBe(0);
  expect(launched.output()).not.toContain('ready');
  expect(alive(processes)).toEqual([]);
});

test.each(['launcher', 'bootstrap'])('SIGKILL of the %s leaves no process', async (victim) => {
  const { launched } = await start();
  const processes = processTree(launched.pid);
  expect(processes.length).toBeGreaterThan(4);

  process.kill(victim === 'launcher' ? (launched.processes().launcher?.pid ?? 0) : launched.pid, 'SIGKILL');

  await vi.waitFor(() => expect(alive(processes)).toEqual([]), patience);
});

test.each(['edge', 'host-agent', 'opencode', 'hands', ...(noMount ? [] : ['warden'])])(
  'a killed %s is started again',
  async (role) => {
    const { launched, url } = await start();
    const before = launched.processes()[role];

    process.kill(before?.pid ?? 0, 'SIGKILL');

    await launched.printed(/runs again/);
    expect(launched.processes()[role]).not.toEqual(before);
    expect((await apiFetch(`${url}/api/health`)).status).toBe(200);
  },
);

test('a second launcher on the same state is refused in one line', async () => {
  const first = await start();

  const second = launch(directory.path);

  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/^Open Agent already runs on this state directory \(process \d+\)\. .*\n$/);
  expect((await apiFetch(`${first.url}/api/health`)).status).toBe(200);
});

test('a port in use is said in one line', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = String(address !== null && typeof address === 'object' ? address.port : 0);

  launched = launch(directory.path, { PORT: port });

  expect(await launched.ended).toBe(1);
  expect(launched.output()).toMatch(new RegExp(`^Open Agent can't listen on 127.0.0.1 port ${port}: .*set PORT.*\n$`));
  other.close();
});

test('without OpenCode the system is up and says so', async () => {
  const { launched, url } = await start({ OPENCODE_BASE_URL: 'http://user:canary@127.0.0.1:9' });

  await launched.printed(/OPENCODE_BASE_URL: nothing answers there\. Messages fail, and say why/);
  expect((await apiFetch(`${url}/api/health`)).status).toBe(200);
  expect(launched.output()).not.toContain('canary');
  // The tools of another OpenCode are its own.
  expect(Object.keys(launched.processes())).not.toContain('hands');
});
