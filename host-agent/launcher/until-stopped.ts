/** Runs the launcher from its start to its orderly end after a signal. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Begin, type Supervision, supervise } from './children/supervise.ts';
import { tellAbout } from './children/tell.ts';
import { outliveOurTerminal, say, sayNotices } from './say.ts';
import type { Base } from './state/start.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Runs what `start` begins until it is stopped by a signal (stop-signal.ts), then ends every child; resolves when all are gone. `start` resolves when
 * everything is ready, and begins nothing more once `stop` has aborted. Rejects when it does.
 */
export const live = async <Ground extends Base>(
  prepare: () => Promise<Ground>,
  start: (ground: Ground, begin: Begin, stop: AbortSignal) => Promise<void>,
): Promise<void> => {
  outliveOurTerminal();
  const stop = stopSignal();
  const stopped = aborted(stop);
  const ground = await Promise.race([prepare(), stopped]);
  if (!ground) return say('Stopped.');
  sayNotices(ground.settings, ground.means);
  const children = new Map<string, Supervision>();
  const begin: Begin = (role, title) => {
    const supervision = supervise(role, ground.log, tellAbout(title, ground.logFileOf('launcher')));
    children.set(role.name, supervision);
    return supervision;
  };
  try {
    await Promise.race([stopped, start(ground, begin, stop)]);
    await stopped;
    say('Stopping …');
  } finally {
    await endChildren(children);
    ground.lock.close();
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
 * Stops the host-agent first, so that the edge can still take its last events, then all others. A child that is not
 * done in time is killed by the kernel when this process exits, right after this.
 */
const endChildren = async (children: Map<string, Supervision>): Promise<void> => {
  const inOrder = async () => {
    await children.get('host-agent')?.stop();
    await Promise.all([...children.values()].map((child) => child.stop()));
  };
  await Promise.race([inOrder(), wait(stopWithinMs, undefined, { ref: false })]);
};
