import type { RunningJson } from '../../shared/api.ts';
import type { Env } from '../env.ts';
import { callObject } from '../hosts/object.ts';
import { liveServersOf } from '../hosts/of-user.ts';

/** What runs now, from the objects of the servers where something of this user is alive. */
export const runningMissions = async (env: Env, owner: string): Promise<RunningJson[]> => {
  const servers = await liveServersOf(env, owner);
  return (await Promise.all(servers.map((host) => callObject(env, host, (object) => object.running(owner))))).flat();
};
