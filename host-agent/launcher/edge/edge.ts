import { connect } from 'node:net';
import { wait } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { describeExit } from '../../process/child.ts';
import { type Running, type Spawn, spawnTied } from '../children/children.ts';
import type { Role } from '../children/supervise.ts';
import { setupBody } from '../state/enrolment.ts';
import type { StartWithEdge } from '../state/start.ts';
import { giveDatabases } from './files.ts';
import { edgeUserOf, graceMs, workerdBinary, workerdCommand } from './workerd.ts';

/** workerd listens within 100 ms of its start; this bounds a machine that is busy with something else. */
const readyWithinMs = 20_000;
/** Between two looks at an edge that does not listen yet: one costs a tenth of a millisecond. */
const lookMs = 10;
const requestMs = 5_000;

/** How the edge is started, and in what it is contained. */
export interface EdgeProcess extends Pick<Spawn, 'command' | 'args' | 'env' | 'means' | 'as' | 'opened'> {
  /** One that was begun just so: it is the first life of this role. */
  begun?: Running;
  /** What is done before any other one is started. */
  before?: () => Promise<void>;
}

/**
 * The edge as a supervised child: up when it answers, its database is migrated and this server is enrolled. Where one
 * that was begun before does not come to that, it is started as any other.
 */
export const edgeRole = (start: StartWithEdge, { begun, before, ...process }: EdgeProcess): Role => {
  let taken = begun;
  const logFile = start.logFileOf('edge');
  return {
    name: 'edge',
    start: async (signal) => {
      const first = taken;
      taken = undefined;
      if (first) {
        const child = await broughtUp(first, start, signal).catch((error: unknown) => {
          if (signal.aborted) throw error;
        });
        if (child) return child;
      }
      await before?.();
      const child = await spawnTied({ ...process, logFile, graceMs, clock: start.clock });
      return broughtUp(child, start, signal).catch((error: unknown) => {
        throw new StartError(
          `The edge did not start: ${error instanceof Error ? error.message : error}. See ${logFile}`,
          { cause: error },
        );
      });
    },
  };
};

/** Resolves with the child when it is of use; rejects once it is gone when it is not. */
const broughtUp = async (child: Running, start: StartWithEdge, signal: AbortSignal): Promise<Running> => {
  const decided = new AbortController();
  try {
    await start.lock.record('edge', child.pid);
    await untilReady(child, start, AbortSignal.any([signal, decided.signal, AbortSignal.timeout(readyWithinMs)]));
    return child;
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    decided.abort(); // Ends the health checks that may still be under way.
  }
};

/**
 * workerd with the configuration of edge-files.ts. It starts no processes of its own, so ending with its parent is
 * enough and it needs no PID namespace.
 */
export const workerdProcess = (config: string, start: StartWithEdge): EdgeProcess => {
  const { host, files } = start.settings;
  const user = edgeUserOf(start);
  return {
    ...workerdCommand({ command: workerdBinary(), config, host, port: start.port, user }),
    means: { ...start.means, pidNamespace: false },
    before: async () => {
      if (user !== null) await giveDatabases(files.edge, user);
    },
  };
};

const untilReady = async (child: Running, start: StartWithEdge, signal: AbortSignal) => {
  const gone = child.exited.then((exit) => {
    throw new Error(`it ${describeExit(exit)}`);
  });
  await Promise.race([gone, untilHealthy(start, signal)]);
  await Promise.race([gone, setUp(start, signal)]);
};

const untilHealthy = async ({ url, clock }: StartWithEdge, signal: AbortSignal) => {
  for (;;) {
    const within = AbortSignal.any([signal, AbortSignal.timeout(requestMs)]);
    // Not before it listens: \`fetch\` takes 25 ms of CPU to load, which the edge has use for until then.
    if ((await isListening(new URL(url), within)) && (await isHealthy(url, within))) return;
    if (signal.aborted) throw new Error(`it did not answer on ${url}/api/health within ${readyWithinMs / 1000} s`);
    await wait(clock, lookMs);
  }
};

const isListening = ({ hostname, port }: URL, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), signal });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** False also where it is no longer wanted. */
const isHealthy = (url: string, signal: AbortSignal): Promise<boolean> =>
  fetch(`${url}/api/health`, { signal })
    .then((response) => response.text().then(() => response.ok))
    .catch(() => false);

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
