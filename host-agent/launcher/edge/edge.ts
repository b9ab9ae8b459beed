import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import * as z from 'zod';
import { wait } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { describeExit } from '../../process/child.ts';
import { type Running, type Spawn, spawnTied } from '../children/children.ts';
import type { Role } from '../children/supervise.ts';
import { setupBody } from '../state/enrolment.ts';
import type { StartWithEdge } from '../state/start.ts';

/**
 * workerd drains for as long as an event stream is open (edge §4.2). Requests that were under way are done within this;
 * its databases survive a kill.
 */
const graceMs = 1_000;
/** workerd listens within 100 ms of its start; this bounds a machine that is busy with something else. */
const readyWithinMs = 20_000;
/** Between two looks at an edge that does not answer yet. */
const lookMs = 50;
const requestMs = 5_000;

/** How the edge is started, and in what it is contained. */
export type EdgeProcess = Pick<Spawn, 'command' | 'args' | 'env' | 'means'>;

/**
 * The edge as a supervised child: up when it answers, its database is migrated and this server is enrolled.
 */
export const edgeRole = (start: StartWithEdge, process: EdgeProcess): Role => ({
  name: 'edge',
  start: async (signal) => {
    const logFile = start.logFileOf('edge');
    const child = await spawnTied({ ...process, logFile, graceMs, clock: start.clock });
    const decided = new AbortController();
    try {
      await start.lock.record('edge', child.pid);
      await untilReady(child, start, AbortSignal.any([signal, decided.signal, AbortSignal.timeout(readyWithinMs)]));
      return child;
    } catch (error) {
      await child.stop();
      throw new StartError(
        `The edge did not start: ${error instanceof Error ? error.message : error}. See ${logFile}`,
        { cause: error },
      );
    } finally {
      decided.abort(); // Ends the health checks that may still be under way.
    }
  },
});

/**
 * workerd with the configuration of edge-files.ts. It starts no processes of its own, so ending with its parent is
 * enough and it needs no PID namespace.
 */
export const workerdProcess = (config: string, { settings, port, means }: StartWithEdge): EdgeProcess => {
  const host = isIP(settings.host) === 6 ? `[${settings.host}]` : settings.host;
  return {
    command: workerdBinary(),
    args: ['serve', config, '--experimental', '-s', `http=${host}:${port}`],
    env: {},
    means: { ...means, pidNamespace: false },
  };
};

/** The executable itself: npm's `workerd` command is a Node script around it that would stay in memory. */
const workerdBinary = (): string =>
  z.object({ default: z.string() }).parse(createRequire(import.meta.url)('workerd')).default;

const untilReady = async (child: Running, start: StartWithEdge, signal: AbortSignal) => {
  const gone = child.exited.then((exit) => {
    throw new Error(`it ${describeExit(exit)}`);
  });
  await Promise.race([gone, untilHealthy(start, signal)]);
  await Promise.race([gone, setUp(start, signal)]);
};

const untilHealthy = async ({ url, clock }: StartWithEdge, signal: AbortSignal) => {
  for (;;) {
    const healthy = await fetch(`${url}/api/health`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
    })
      .then((response) => response.text().then(() => response.ok))
      .catch(() => false); // Not listening yet, or no longer wanted: the signal decides below.
    if (healthy) return;
    if (signal.aborted) throw new Error(`it did not answer on ${url}/api/health within ${readyWithinMs / 1000} s`);
    await wait(clock, lookMs);
  }
};

const setUp = async ({ url, secrets, host }: StartWithEdge, signal: AbortSignal) => {
  const response = await fetch(`${url}/api/internal/setup`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.internalToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(setupBody(host)),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`setting it up answered ${response.status}: ${text}`);
};
