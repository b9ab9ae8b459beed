import type { RunningJson } from '../../shared/api.ts';
import { directory } from '../directory/directory.ts';
import { liveHosts } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { callObject } from '../hosts/object.ts';

/** What runs now, from the objects of live servers only; `[]` straight from D1 when none is (protocol §7). */
export const runningMissions = async (env: Env, owner: string): Promise<RunningJson[]> => {
  const live = await liveHosts(directory(env));
  return (await Promise.all(live.map((host) => callObject(env, host, (object) => object.running(owner))))).flat();
};
