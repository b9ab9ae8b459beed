import { type Clock, systemClock } from '../../../shared/clock.ts';
import { localUrl } from '../../config/local-url.ts';
import type { Settings } from '../../config/settings.ts';
import type { Log } from '../../process/log.ts';
import { containmentMeans } from '../../process/means.ts';
import type { ContainmentMeans } from '../../process/namespace.ts';
import { privateDirectory } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';
import { type Boundary, boundaryOf } from './boundary.ts';
import { type EdgeSecrets, prepareEdgeSecrets } from './edge-secrets.ts';
import { enrol, enrolledElsewhere, type HostFile } from './enrolment.ts';
import type { HeldLock, LockFiles } from './held-lock.ts';
import { type Lock, takeLock } from './lock.ts';
import { openLogFiles } from './log-files.ts';
import { type OwnUsers, ownUsersOf } from './own-users.ts';
import { claimPort } from './port.ts';
import { endedAtStart, noteReaped } from './reaped.ts';

/** What every start of the launcher has, whatever it starts. */
export interface Start {
  /** What is stopped when this launcher is, for people. */
  name: 'Open Agent' | 'OpenCode';
  settings: Settings;
  clock: Clock;
  lock: Lock;
  log: Log;
  /** File for the output of a child. */
  logFileOf(role: string): string;
  means: ContainmentMeans;
  boundary: Boundary;
  /** Who our own processes are; null: all of them the user that we are. */
  ownUsers: OwnUsers | null;
}

/** What a start has on a machine with an edge of its own, before the first process is started. */
export interface StartWithEdge extends Start {
  secrets: EdgeSecrets;
  port: number;
  /** The edge as this machine reaches it. */
  url: string;
  host: HostFile;
}

/** A start on a machine whose edge is elsewhere. */
export interface StartOfServer extends Start {
  host: HostFile;
}

/** What was taken before the settings were read, for an edge that was begun then. */
export interface TakenAhead {
  lock: HeldLock;
  /** Where that edge listens; undefined where it ended, or is not to listen. */
  port: number | undefined;
  internalToken: string;
}

/**
 * Takes the state directory and the port for this start, where they are not `taken`. Rejects with a sentence for the
 * person when one is not to be had.
 */
export const prepareStartWithEdge = (settings: Settings, taken?: TakenAhead): Promise<StartWithEdge> => {
  const build = async (start: Start): Promise<StartWithEdge> => {
    const port = taken?.port ?? (await claimPort(settings.host, settings.port));
    const url = localUrl(settings.host, port);
    const host = await enrol(settings.files.host, url);
    const lastConfig = await textOfFile(settings.files.edgeConfig);
    const secrets = await prepareEdgeSecrets(settings, lastConfig, taken?.internalToken);
    return { ...start, secrets, port, url, host };
  };
  return withStart(settings, build, settings.files, taken && { ...taken.lock, ended: [] });
};

/**
 * Takes the state directory for this start. Rejects with a sentence for the person, also when the server is not
 * enrolled. Without OpenCode its agents, and how they are kept apart, are another unit's.
 */
export const prepareStartOfServer = (
  settings: Settings,
  { withOpenCode }: { withOpenCode: boolean },
): Promise<StartOfServer> =>
  withStart(
    settings,
    async (start) => ({ ...start, host: await enrolledElsewhere(settings.files.host) }),
    settings.files,
    undefined,
    withOpenCode,
  );

/** Takes OpenCode alone for this start, beside a host-agent that has the state directory. */
export const prepareStartOfOpenCode = (settings: Settings): Promise<Start> => {
  const { openCodeLock: lock, openCodeProcesses: processes } = settings.files;
  return withStart(settings, async (start) => ({ ...start, name: 'OpenCode' }), { lock, processes });
};

const withStart = async <Found>(
  settings: Settings,
  build: (start: Start) => Promise<Found>,
  lockFiles: LockFiles = settings.files,
  taken?: Lock,
  withOpenCode = true,
): Promise<Found> => {
  const { files } = settings;
  const clock = systemClock;
  await privateDirectory(files.dir);
  const lock = taken ?? (await takeLock(lockFiles, clock));
  try {
    const { log, fileOf } = openLogFiles(files.logs);
    await noteReaped(lock.ended, endedAtStart, { directory: files.notes, clock, log });
    const means = await containmentMeans();
    const acts = withOpenCode && settings.openCodeBaseUrl === undefined;
    const boundary: Boundary = acts ? boundaryOf(settings, means) : { kind: 'elsewhere' };
    return await build({
      name: 'Open Agent',
      settings,
      clock,
      lock,
      log,
      logFileOf: fileOf,
      means,
      boundary,
      ownUsers: await ownUsersOf(files, means),
    });
  } catch (error) {
    lock.close();
    throw error;
  }
};
