import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiFetch } from '../support/declared-answer.ts';
import { alive, freshWorkingDir, launch } from '../support/launched.ts';
import { noPlace } from '../support/needs.ts';

let directory: ReturnType<typeof freshWorkingDir>;

const run = async (...args: string[]) => {
  const launched = launch(directory.path, {}, args);
  return { code: await launched.ended, output: launched.output(), processes: launched.processes };
};

beforeEach(() => {
  directory = freshWorkingDir();
});
afterEach(async () => {
  await run('stop');
  directory.remove();
});

test('a start in the background outlives its command, shows the password once and to no file, and is stopped by name of its place', async () => {
  expect(await run('status')).toMatchObject({ code: 3, output: expect.stringContaining('does not run on') });
  const started = await run('up', '--detach');
  expect(started.code).toBe(0);
  const password = /The password is (\S+-\S+)/.exec(started.output)?.[1] ?? '';
  const url = /is ready at (\S+)/.exec(started.output)?.[1] ?? '';
  const log = readFileSync(join(directory.path, '.openagent', 'logs', 'up.log'), 'utf8');
  expect(log).toContain(`Open Agent is ready at ${url}`);
  expect(log).not.toContain(password);
  const body = JSON.stringify({ password });
  const login = await apiFetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(login.status).toBe(200);

  const { code, output } = await run('status', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    running: true,
    url,
    edge: 'answers',
    opencode: 'runs',
    hands: 'runs',
    host_agent: 'runs',
    missions_at_work: 0,
    warden: noPlace ? 'does not run' : 'runs',
    // OpenCode and the edge are others where they can be.
    users: { 'host-agent': process.getuid?.(), edge: expect.any(Number), opencode: expect.any(Number) },
  });
  expect((await run('logs', '-n', '1')).output).toBe(`Open Agent is ready at ${url}\n`);
  const processes = Object.values(started.processes());

  const stopped = await run('stop');
  expect(stopped).toMatchObject({ code: 0, output: expect.stringMatching(/^Stopped Open Agent on .* opencode/) });
  expect(alive(processes)).toEqual([]);
  expect((await run('status', '--json')).code).toBe(3);
});

test('one in a terminal is stopped as well, and a second start in the background says why it failed', async () => {
  const foreground = launch(directory.path);
  await foreground.ready();

  const second = await run('up', '--detach');
  expect(second).toMatchObject({ code: 1, output: expect.stringMatching(/did not start.*\n.*already runs on this/) });
  expect((await run('stop')).code).toBe(0);

  expect(await foreground.ended).toBe(0);
});

test('a wrong argument is said, with how it is right', async () => {
  expect(await run('status', '--jsn')).toMatchObject({ code: 2, output: expect.stringContaining('--json') });
  expect(await run('logs', '-n', 'x')).toMatchObject({ code: 2, output: expect.stringContaining('whole number') });
  expect(await run('up', '--detatch')).toMatchObject({ code: 2, output: expect.stringContaining('--detach') });
  expect(await run('logs')).toMatchObject({ code: 1, output: expect.stringContaining('never started') });
  expect(await run('stop', '--help')).toMatchObject({ code: 0, output: expect.stringContaining('openagent stop') });
});
