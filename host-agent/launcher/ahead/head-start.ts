/**
 * The edge of the last start, begun before this start has read its settings, so that it starts while we load all the
 * rest. Only where everything is as it was: the same build and settings, an orderly end, a free port. Whatever is
 * otherwise leaves it to the ordinary start, which says what is wrong, and which takes over no edge that it would not
 * have started just so.
 */
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { type ConfigPlace, placeOf } from '../../config/place.ts';
import type { Settings } from '../../config/settings.ts';
import { type StateFiles, stateFiles } from '../../config/state-files.ts';
import { probePort } from '../../process/probe-port.ts';
import { type Running, spawnTied } from '../children/children.ts';
import { graceMs, workerdCommand } from '../edge/workerd.ts';
import { endedInOrder, type HeldLock, holdLock } from '../state/held-lock.ts';
import { logFileIn } from '../state/log-files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type Kept, readKept, useKept } from './kept.ts';

export interface HeadStart {
  lock: HeldLock;
  port: number;
  /** Of the edge that was begun. */
  internalToken: string;
  /** The user that it is; null: the one that we are. */
  user: number | null;
  edge: Running;
  /** Whether the edge runs, and listens where it is to listen. */
  serves(settings: Settings): boolean;
}

/** A start that can be compared with the last one, and what that kept for it. */
export interface Comparable {
  fingerprint: string;
  place: ConfigPlace;
  /** Absent where this start is not like the last. */
  kept?: Kept;
}

/** Compares this start with the last. It reads files: only where no disk can hold whoever does (place/look-here.ts). */
export const compare = async (environment: NodeJS.ProcessEnv): Promise<Comparable | undefined> => {
  const place = placeOf(environment);
  const fingerprint = place && (await fingerprintOf(environment, place));
  if (!place || !fingerprint) return undefined;
  return { fingerprint, place, kept: readKept(filesOf(place), fingerprint) };
};

const filesOf = ({ workingDir }: ConfigPlace): StateFiles => stateFiles(join(workingDir, '.openagent'));

/** The port that the edge is to listen on, while nothing does; undefined where something does. */
export const freePort = ({ host, port }: Kept): Promise<number | undefined> =>
  probePort(host, port).catch(() => undefined);

/** Once the place was looked at. Undefined where the edge can't be begun. */
export const beginAhead = async (
  { fingerprint, place }: Comparable,
  port: number | undefined,
): Promise<HeadStart | undefined> => {
  if (port === undefined) return undefined;
  const files = filesOf(place);
  const lock = holdQuietly(files);
  if (!lock) return undefined;
  try {
    // Once more, because another start may have used it meanwhile.
    const kept = endedInOrder(files) ? readKept(files, fingerprint) : undefined;
    if (kept) return await begin(files, lock, kept, port);
  } catch {
    // The ordinary start comes to it too, and says what it is.
  }
  lock.close();
  return undefined;
};

const holdQuietly = (files: StateFiles): HeldLock | undefined => {
  try {
    return holdLock(files);
  } catch {
    return undefined;
  }
};

const begin = async (files: StateFiles, lock: HeldLock, kept: Kept, port: number): Promise<HeadStart> => {
  useKept(files, kept);
  const edge = await spawnTied({
    ...workerdCommand({ ...kept, config: files.edgeConfig, port }),
    logFile: logFileIn(files.logs, 'edge'),
    graceMs,
    clock: systemClock,
    // Where it was not tied to us nothing was kept.
    means: { setpriv: true, pidNamespace: false },
  });
  let runs = true;
  void edge.exited.then(() => {
    runs = false;
  });
  const recorded = Promise.all([lock.record('launcher', process.pid), lock.record('edge', edge.pid)]);
  recorded.catch(() => undefined); // It is gone, or it is recorded again when it is taken over.
  return {
    lock,
    port,
    internalToken: kept.internalToken,
    user: kept.user,
    edge,
    serves: (settings) =>
      runs && settings.host === kept.host && settings.port === kept.port && settings.files.dir === files.dir,
  };
};
