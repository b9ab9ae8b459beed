import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../host-agent/launcher/state/lock.ts';
import { identityOf, isAlive } from '../../host-agent/process/identity.ts';
import { systemClock } from '../../shared/clock.ts';
import { freshWorkingDir } from '../support/launched.ts';

let directory: ReturnType<typeof freshWorkingDir>;
let paths: { lock: string; processes: string };

beforeEach(() => {
  directory = freshWorkingDir();
  paths = { lock: join(directory.path, 'launcher.lock'), processes: join(directory.path, 'processes.json') };
});

afterEach(() => directory.remove());

const startSleeper = async () => {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  if (!identity) throw new Error('sleep ended at once');
  return { identity, ended: once(child, 'exit'), end: () => child.kill('SIGKILL') };
};

test('a child that outlived a killed launcher is ended by the next start', async () => {
  const child = await startSleeper();
  writeFileSync(paths.processes, JSON.stringify({ edge: child.identity }));

  const lock = await takeLock(paths, systemClock);

  expect(isAlive(child.identity)).toBe(false);
  expect(await child.ended).toEqual([null, 'SIGKILL']);
  lock.close();
});

test('a process that only got the pid of a recorded one is left alone', async () => {
  const stranger = await startSleeper();
  const recorded = { ...stranger.identity, startTicks: String(Number(stranger.identity.startTicks) - 1) };
  writeFileSync(paths.processes, JSON.stringify({ edge: recorded }));

  const lock = await takeLock(paths, systemClock);

  expect(isAlive(stranger.identity)).toBe(true);
  lock.close();
  stranger.end();
});

test('the state directory is locked once, and free again when its holder is gone', async () => {
  const first = await takeLock(paths, systemClock);

  await expect(takeLock(paths, systemClock)).rejects.toThrow(
    `already runs on this state directory (process ${process.pid})`,
  );
  first.close();
  const second = await takeLock(paths, systemClock);

  second.close();
});

test('a damaged record stops the start instead of being replaced', async () => {
  writeFileSync(paths.processes, '{"edge":');

  await expect(takeLock(paths, systemClock)).rejects.toThrow(`${paths.processes} is damaged`);
});
