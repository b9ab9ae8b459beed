import { isAway, soon } from '../directory/away.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';

/** What this isolate was told last. */
let last: readonly HostRow[] = [];

/**
 * The servers, by whose names an answer calls workspaces: of a mission that is known there is an answer while D1 is
 * away too, with the servers as this isolate knew them last. One that never knew them calls a workspace by its id.
 */
export const serversToName = async (env: Env): Promise<readonly HostRow[]> => {
  try {
    last = await soon(env.clock, listHosts(directory(env)));
  } catch (cause) {
    if (!isAway(cause)) throw cause;
    logError('directory.away', cause);
  }
  return last;
};
