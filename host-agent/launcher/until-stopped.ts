/** Runs the launcher from its start to its orderly end after a signal. */
import { dirname } from 'node:path';
import { type Clock, wait } from '../../shared/clock.ts';
import { openCodeFolders } from '../opencode/config/folders.ts';
import { type StartChild, type Supervision, supervise } from './children/supervise.ts';
import { tellAbout } from './children/tell.ts';
import { outliveOurTerminal, say, sayNotices } from './say.ts';
import { keepLogsSmall } from './state/log-files.ts';
import type { Start } from './state/start.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Runs what `run` begins until it is stopped by a signal (stop-signal.ts), then ends every child; resolves when all are
 * gone. `run` resolves when everything is ready, and begins nothing more once `stop` has aborted. Rejects when it does.
 */
export const runUntilStopped = async <Found extends Start>(
  prepare: () => Promise<Found>,
  run: (start: Found, startChild: StartChild, stop: AbortSignal) => Promise<void>,
): Promise<void> => {
  outliveOurTerminal();
  const stop = stopSignal();
  const stopped = aborted(stop);
  const start = await Promise.race([prepare(), stopped]);
  if (!start) return say('Stopped.');
  sayNotices(start);
  const children = new Map<string, Supervision>();
  const startChild: StartChild = (role, title) => {
    const supervision = supervise(role, start, tellAbout(title, start.logFileOf('launcher')));
    children.set(role.name, supervision);
    return supervision;
  };
  const path = openCodeFolders(dirname(start.settings.files.openCodeServer)).logFile;
  const openCodeLog = { path, owner: start.ownUsers?.openCode ?? null };
  const stopRotating = keepLogsSmall(start.logFileOf, [openCodeLog], start.clock);
  try {
    await Promise.race([stopped, run(start, startChild, stop)]);
    await stopped;
    say('Stopping …');
  } finally {
    stopRotating();
    await endChildren(children, start.clock);
    start.lock.close();
  }
  say('Stopped.');
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Children stop within 5 s; the rest of the promised 10 s is for a child that was still being started. */
const stopWithinMs = 9_000;

/**
 * Stops the host-agent first, so that the edge can still take its last events, then all others, the hands behind
 * OpenCode, which cancels its calls. A child that is not done in time is killed by the kernel when this process exits,
 * right after this.
 */
const endChildren = async (children: Map<string, Supervision>, clock: Clock): Promise<void> => {
  const inOrder = async () => {
    await children.get('host-agent')?.stop();
    const { hands, ...others } = Object.fromEntries(children);
    await Promise.all(Object.values(others).map((child) => child.stop()));
    await hands?.stop();
  };
  await Promise.race([inOrder(), wait(clock, stopWithinMs, undefined, { keepsAlive: false })]);
};
