import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Running, spawnTied } from '../../host-agent/launcher/children/children.ts';
import { type Role, supervise } from '../../host-agent/launcher/children/supervise.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../host-agent/process/identity.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { containmentMeans } from '../../host-agent/process/means.ts';
import { freshWorkingDir } from '../support/launched.ts';

let directory: ReturnType<typeof freshWorkingDir>;

beforeEach(() => {
  directory = freshWorkingDir();
});

afterEach(() => directory.remove());

const role = (command: string, ...args: string[]) => {
  const lives: { child: Running; identity: ProcessIdentity | undefined }[] = [];
  const start: Role['start'] = async () => {
    const means = { ...(await containmentMeans()), pidNamespace: false };
    const logFile = join(directory.path, 'child.log');
    const child = await spawnTied({ command, args, env: {}, logFile, graceMs: 300, means });
    lives.push({ child, identity: identityOf(child.pid) });
    return child;
  };
  return { lives, role: { name: 'child', start } };
};

const silent = createLog({ write: () => undefined });

test('a child that keeps dying is tried again after growing pauses', async () => {
  const pauses: number[] = [];
  const { role: dying } = role('false');
  const child = supervise(dying, silent, { onDown: (_, retryMs) => pauses.push(retryMs), onUp: () => undefined });

  await vi.waitFor(() => expect(pauses.slice(0, 3)).toEqual([200, 400, 800]));

  await child.stop();
});

test('a program that is missing is a failed start with its name, and is tried again', async () => {
  const reasons: string[] = [];
  const means = { setpriv: false, pidNamespace: false };
  const missing: Role = {
    name: 'child',
    start: () =>
      spawnTied({ command: '/none', args: [], env: {}, logFile: join(directory.path, 'log'), graceMs: 300, means }),
  };
  const child = supervise(missing, silent, { onDown: (reason) => reasons.push(reason), onUp: () => undefined });

  expect((await child.firstStart)?.message).toContain('/none');
  await vi.waitFor(() => expect(reasons.length).toBe(2));

  await child.stop();
});

test('a child that ignores SIGTERM is killed, with what it had started', async () => {
  const { lives, role: stubborn } = role(process.execPath, '-e', stubbornProgram);
  const child = supervise(stubborn, silent, { onDown: () => undefined, onUp: () => undefined });
  await child.firstStart;
  const sleeper = await vi.waitFor(() => childOf(lives[0]?.child.pid ?? 0));

  await child.stop();

  expect(lives.length).toBe(1);
  await vi.waitFor(() => expect(isAlive(sleeper)).toBe(false));
});

test('a restart replaces the child at once and is not told as a failure', async () => {
  const onDown = vi.fn<(reason: string, retryMs: number) => void>();
  const { lives, role: steady } = role('sleep', '600');
  const child = supervise(steady, silent, { onDown, onUp: () => undefined });
  await child.firstStart;

  child.restart();

  await vi.waitFor(() => expect(lives.length).toBe(2));
  expect(onDown).not.toHaveBeenCalled();
  await child.stop();
  expect(lives.map(({ identity }) => identity && isAlive(identity))).toEqual([false, false]);
});

const stubbornProgram = `
  process.on('SIGTERM', () => undefined);
  require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
`;

const childOf = (pid: number): ProcessIdentity => {
  const first = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  const identity = first > 0 ? identityOf(first) : undefined;
  if (!identity) throw new Error('not started yet');
  return identity;
};
