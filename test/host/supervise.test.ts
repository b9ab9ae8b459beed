import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Running, spawnTied } from '../../host-agent/launcher/children/children.ts';
import { type Role, signalledMs, supervise } from '../../host-agent/launcher/children/supervise.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../host-agent/process/identity.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { containmentMeans } from '../../host-agent/process/means.ts';
import { type HandClock, handClock } from '../support/hand-clock.ts';
import { freshWorkingDir } from '../support/launched.ts';

let directory: ReturnType<typeof freshWorkingDir>;

beforeEach(() => {
  directory = freshWorkingDir();
  clock = handClock();
});

afterEach(() => directory.remove());

/** Nobody waits for it: time goes on where a test says so. */
let clock: HandClock;

const role = (command: string, ...args: string[]) => {
  const lives: { child: Running; identity: ProcessIdentity | undefined }[] = [];
  const start: Role['start'] = async () => {
    const means = { ...(await containmentMeans()), pidNamespace: false };
    const logFile = join(directory.path, 'child.log');
    const child = await spawnTied({ command, args, env: {}, logFile, graceMs, clock, means });
    lives.push({ child, identity: identityOf(child.pid) });
    return child;
  };
  return { lives, role: { name: 'child', start } };
};

const log = createLog({ write: () => undefined });

/** What is done with time passing, as soon as somebody waits for exactly this long. */
const pass = async (ms: number): Promise<void> => {
  await clock.awaited(ms);
  clock.advance(ms);
};

const graceMs = 3_000;

test('a child that keeps dying is tried again after growing pauses', async () => {
  const pauses: number[] = [];
  const { role: dying, lives } = role('false');
  const child = supervise(dying, { clock, log }, { onDown: (_, ms) => pauses.push(ms), onUp: () => undefined });

  for (const pauseMs of [200, 400, 800, 1_600]) {
    // The time in which a signal to everybody would be noticed, then the pause itself.
    await vi.waitFor(() => expect(lives).toHaveLength(pauses.length + 1));
    await pass(signalledMs);
    await vi.waitFor(() => expect(pauses.at(-1)).toBe(pauseMs));
    await pass(pauseMs);
  }

  await vi.waitFor(() => expect(lives).toHaveLength(5));
  await child.stop();
});

test('a program that is missing is a failed start with its name, and is tried again', async () => {
  const reasons: string[] = [];
  const means = { setpriv: false, pidNamespace: false };
  const missing: Role = {
    name: 'child',
    start: () =>
      spawnTied({ command: '/none', args: [], env: {}, logFile: join(directory.path, 'log'), graceMs, clock, means }),
  };
  const child = supervise(missing, { clock, log }, { onDown: (reason) => reasons.push(reason), onUp: () => undefined });

  expect((await child.firstStart)?.message).toContain('/none');
  await pass(200);
  await clock.awaited(400);
  expect(reasons).toHaveLength(2);

  await child.stop();
});

test('a child that ignores SIGTERM is killed, with what it had started', async () => {
  const { lives, role: stubborn } = role(process.execPath, '-e', stubbornProgram);
  const child = supervise(stubborn, { clock, log }, { onDown: () => undefined, onUp: () => undefined });
  await child.firstStart;
  const sleeper = await vi.waitFor(() => childOf(lives[0]?.child.pid ?? 0));

  const stopped = child.stop();
  await pass(graceMs);
  await stopped;

  expect(lives.length).toBe(1);
  await vi.waitFor(() => expect(isAlive(sleeper)).toBe(false));
});

test('a restart replaces the child at once and is not told as a failure', async () => {
  const onDown = vi.fn<(reason: string, retryMs: number) => void>();
  const { lives, role: steady } = role('sleep', '600');
  const child = supervise(steady, { clock, log }, { onDown, onUp: () => undefined });
  await child.firstStart;

  child.restart();
  // A child ignores the signals that everybody is sent, and so does a program that sets nothing of its own.
  await pass(graceMs);
  await pass(signalledMs);

  await vi.waitFor(() => expect(lives.length).toBe(2));
  expect(onDown).not.toHaveBeenCalled();
  const stopped = child.stop();
  await pass(graceMs);
  await stopped;
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
