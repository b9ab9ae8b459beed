import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { fingerprintOf } from '../../host-agent/launcher/ahead/fingerprint.ts';
import { canLookHere } from '../../host-agent/launcher/place/look-here.ts';
import { probePort } from '../../host-agent/process/probe-port.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { alive, freshWorkingDir, type Launched, launch, processTree } from '../support/launched.ts';
import { unless } from '../support/needs.ts';
import { patience } from '../support/patience.ts';

/** A start begins its edge ahead only where it may look at its place itself. */
const awayDisk = canLookHere() ? undefined : 'a disk that may be away is mounted here';

let directory: ReturnType<typeof freshWorkingDir>;
let settings: Record<string, string>;
const running = new Set<Launched>();

beforeEach(async () => {
  directory = freshWorkingDir();
  // The edge alone is looked at: no OpenCode has to start.
  const [OPENCODE_BASE_URL, port] = ['http://127.0.0.1:9', await probePort('127.0.0.1', 0)];
  settings = { DASHBOARD_PASSWORD: 'a password', PORT: String(port), OPENCODE_BASE_URL };
  await end(await ready());
});

afterEach(async () => {
  for (const each of running) await end(each);
  directory.remove();
});

const start = (more: Record<string, string> = {}): Launched => {
  const launched = launch(directory.path, { ...settings, ...more });
  running.add(launched);
  return launched;
};

const ready = async (more: Record<string, string> = {}): Promise<Launched> => {
  const launched = start(more);
  await launched.ready();
  return launched;
};

const end = async (launched: Launched): Promise<void> => {
  launched.kill('SIGTERM');
  await launched.ended;
  running.delete(launched);
};

const inState = (...path: string[]) => join(directory.path, '.openagent', ...path);
const kept = inState.bind(null, 'edge', 'next.json');

const logLine = z.object({ event: z.string(), pid: z.number().optional(), role: z.string().optional() });

/** What the launcher wrote about edges: of those begun ahead that were taken, and of all that were started. */
const edges = () => {
  const lines = readFileSync(inState('logs', 'launcher.log'), 'utf8').trim().split('\n');
  const said = lines.map((line) => logLine.parse(JSON.parse(line)));
  return {
    ahead: said.flatMap(({ event, pid }) => (event === 'edge.begun-ahead' ? [pid] : [])),
    started: said.flatMap(({ event, pid, role }) => (event === 'child.started' && role === 'edge' ? [pid] : [])),
  };
};

const logIn = (password: string) =>
  apiFetch(`http://127.0.0.1:${settings.PORT}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password }),
  });

const changeKept = (change: (text: string) => string) => writeFileSync(kept(), change(readFileSync(kept(), 'utf8')));

test(
  unless(awayDisk, 'a start that is like the last one has the edge that was begun ahead of it, each time'),
  async () => {
    for (const times of [1, 2]) {
      const launched = await ready();
      const { ahead, started } = edges();

      expect(ahead).toHaveLength(times);
      expect(started.at(-1)).toBe(ahead.at(-1));
      expect(launched.processes().edge?.pid).toBe(ahead.at(-1));
      expect((await logIn('a password')).status).toBe(200);
      await end(launched);
    }
  },
);

test.each([
  ['another setting', { MAX_ITERATIONS: '7' }],
  ['another port', { PORT: '0' }],
  ['a key of its own', { JWT_SECRET: 'a long random text of a person' }],
])('a start with %s begins its edge as it did before', async (_, changed) => {
  const launched = await ready(changed);

  expect(edges()).toMatchObject({ ahead: [], started: [expect.any(Number), launched.processes().edge?.pid] });
});

test.each<[string, () => void]>([
  ['settings in a file', () => writeFileSync(inState('openagent.env'), 'TRASH_DAYS=3\n')],
  ['another build', () => changeKept((text) => text.replace(/(sources\W+)\w/, '$1-'))],
  ['no secrets of before', () => rmSync(inState('secrets.json'))],
  ['a kept edge that nobody can read', () => changeKept((text) => text.slice(1))],
])('a start with %s begins its edge as it did before', async (_, change) => {
  change();
  const launched = await ready();

  expect(edges()).toMatchObject({ ahead: [], started: [expect.any(Number), launched.processes().edge?.pid] });
});

test('after a launcher was killed nothing is begun ahead of a look at what it left', async () => {
  const killed = await ready();
  const processes = processTree(killed.pid);
  const before = edges().ahead;
  process.kill(killed.processes().launcher?.pid ?? 0, 'SIGKILL');
  await killed.ended;
  await vi.waitFor(() => expect(alive(processes)).toEqual([]), patience);

  await ready();

  expect(edges().ahead).toEqual(before);
});

test('a place that is of no use is refused in one sentence, and nothing was begun', async () => {
  const [config, log] = [inState('edge', 'wrangler.jsonc'), inState('logs', 'edge.log')].map((path) =>
    readFileSync(path, 'utf8'),
  );
  rmSync(join(directory.path, 'workspaces'), { recursive: true, force: true });
  writeFileSync(join(directory.path, 'workspaces'), 'a file');

  const refused = start();

  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    /^Open Agent needs the directory \S+workspaces, which is a file\. Move it away, .*\n$/,
  );
  expect(existsSync(kept())).toBe(true);
  expect(readFileSync(inState('edge', 'wrangler.jsonc'), 'utf8')).toBe(config);
  expect(readFileSync(inState('logs', 'edge.log'), 'utf8')).toBe(log);
});

test('a port that another program has is said as ever', async () => {
  const other = createServer().listen(Number(settings.PORT), '127.0.0.1');
  await once(other, 'listening');

  const refused = start();

  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(
    new RegExp(`^Open Agent can't listen on 127.0.0.1 port ${settings.PORT}: the port is in use\\. .*\n$`),
  );
  other.close();
});

test('an edge that was begun ahead and dies is started as any other, and nobody is told', async () => {
  changeKept((text) => text.replace(/("command":")[^"]*/, '$1/bin/false'));

  const launched = await ready();

  expect((await logIn('a password')).status).toBe(200);
  expect(existsSync('/bin/false')).toBe(true);
  expect(existsSync(kept())).toBe(true);
  expect(launched.output()).not.toMatch(/is down|runs again/);
});

test('an edge that was begun with something else than the start finds is not taken', async () => {
  changeKept((text) => text.replace(/(MAX_ITERATIONS[^\d]*)50/, '$151'));

  const launched = await ready();

  expect(edges().ahead).toEqual([]);
  expect(launched.processes().edge?.pid).toBe(edges().started.at(-1));
  const health = await apiFetch(`http://127.0.0.1:${settings.PORT}/api/health`);
  expect(await health.json()).toMatchObject({ max_iterations: 50 });
});

test('of two starts at once one runs, and the other says so', async () => {
  const both = [start(), start()];
  const other = await Promise.any(both.map(async (each) => ((await each.ended) === 1 ? each : Promise.reject(each))));

  expect(other.output()).toMatch(
    /^Open Agent already runs on this state directory( \(process \d+\))?\. Stop it first, .*\n$/,
  );
  await both.find((each) => each !== other)?.ready();
  expect((await logIn('a password')).status).toBe(200);
});

test('what is kept for the next start has no password and no key of a person', async () => {
  const secrets = {
    DASHBOARD_PASSWORD: 'canary-1',
    OPEN_AGENT_USERS: '[{"username":"ana","password":"canary-2"}]',
    JWT_SECRET: 'canary-3',
    OPENCODE_BASE_URL: 'http://user:canary-4@127.0.0.1:9',
    OPENCODE_CONFIG_CONTENT: '{"apiKey":"canary-5"}',
    OPENAGENT_PASSWORD: 'canary-6',
    OPENAGENT_SECRET_PASSPHRASE: 'canary-7',
  };
  const place = { workingDir: directory.path, config: { path: inState('openagent.env'), named: false } };
  const fingerprint = await fingerprintOf(secrets, place);

  expect(fingerprint).toContain('ana');
  expect(fingerprint).not.toContain('canary');
  expect(await fingerprintOf({ ...secrets, JWT_SECRET: 'other' }, place)).not.toBe(fingerprint);
  expect(readFileSync(kept(), 'utf8')).not.toContain('a password');
});
