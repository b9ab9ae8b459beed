import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { freshWorkingDir } from '../support/launched.ts';

const bootstrap = join(import.meta.dirname, '..', '..', 'host-agent', 'launcher', 'bootstrap.mjs');

let directory: ReturnType<typeof freshWorkingDir>;

beforeEach(() => {
  directory = freshWorkingDir();
});
afterEach(() => directory.remove());

/** Starts Open Agent in the background of a shell, `prefix` before its command; resolves when it is ready. */
const start = async (prefix = '') => {
  const out = join(directory.path, 'out');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory.path,
    WORKING_DIR: directory.path,
    PORT: '0',
    NODE: process.execPath,
    BOOTSTRAP: bootstrap,
    OUT: out,
  };
  const child = spawn(
    'bash',
    ['-c', `${prefix} "$NODE" "$BOOTSTRAP" up > "$OUT" 2>&1 & echo $! > "$OUT.pid"; wait $!`],
    { env, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const printed = (): string => (existsSync(out) ? readFileSync(out, 'utf8') : '');
  await vi.waitFor(() => expect(printed()).toContain('is ready at'));
  const pid = Number(readFileSync(`${out}.pid`, 'utf8'));
  return { kill: (signal: NodeJS.Signals) => process.kill(pid, signal), ended, printed };
};

test.each([
  ['under nohup', 'nohup'],
  ['as a unit of systemd', `bash -c 'export SYSTEMD_EXEC_PID=$$; exec "$@"' unit`],
])('%s a hang-up is ignored, and SIGTERM still stops', async (_, prefix) => {
  const { kill, ended, printed } = await start(prefix);

  kill('SIGHUP');
  kill('SIGHUP');
  const url = /is ready at (\S+)/.exec(printed())?.[1];
  expect((await apiFetch(`${url}/api/health`)).status).toBe(200);
  expect(printed()).not.toContain('Stopping');
  kill('SIGTERM');

  expect(await ended).toEqual([0, null]);
});

test('a second and a third signal neither hasten nor spoil a stop', async () => {
  const { kill, ended, printed } = await start();

  kill('SIGHUP');
  await vi.waitFor(() => expect(printed()).toContain('Stopping'));
  kill('SIGTERM');
  kill('SIGINT');

  expect(await ended).toEqual([0, null]);
  expect(printed()).toMatch(/Stopping …\nStopped\.\n$/);
});

test('when npm is killed, which passes signals on, the start that it ran is stopped in order', async () => {
  const env = { PATH: process.env.PATH ?? '', HOME: directory.path, WORKING_DIR: directory.path, PORT: '0' };
  const npm = spawn('npm', ['start'], { cwd: packageRoot(), env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(npm, 'close'); // Once nobody has its output any more.
  let printed = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  await vi.waitFor(() => expect(printed).toContain('is ready at'));

  npm.kill('SIGKILL');

  await ended;
  expect(printed).toMatch(/Stopping …\nStopped\.\n$/);
});
