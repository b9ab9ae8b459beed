import { type Clock, rest } from '../../shared/clock.ts';
import { type HostFile, readHostFile } from './host-file.ts';

/** A person who enrols again waits for it to work; reading one small file costs nothing. */
const lookMs = 2_000;

/**
 * Resolves true when `host.json` names another edge, server or credential than the one in use, false when `signal`
 * aborts.
 */
export const enrolledAnew = async (
  path: string,
  inUse: HostFile,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> => {
  for (;;) {
    await rest(clock, lookMs, signal);
    if (signal.aborted) return false;
    const now = readable(path);
    if (now && JSON.stringify(now) !== JSON.stringify(inUse)) return true;
  }
};

/** The enrolment in use outlives a file that can't be read just now. */
const readable = (path: string): HostFile | undefined => {
  try {
    return readHostFile(path);
  } catch {
    return undefined; // What is wrong with it is said by the next start, and by `openagent doctor`.
  }
};
