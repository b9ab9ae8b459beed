import type { RunningJson } from '../../shared/api.ts';
import { accountOf } from '../account/account-of.ts';
import type { Env } from '../env.ts';
import { callObject } from '../hosts/object.ts';

/**
 * What runs now, from the objects of the servers where something of this user is alive. Their objects say so themselves
 * to the user's account (protocol §7): D1, which may be away or behind, is not asked.
 */
export const runningMissions = async (env: Env, owner: string): Promise<RunningJson[]> => {
  const servers = (await accountOf(env, owner).servers()).filter(({ live }) => live);
  return (
    await Promise.all(servers.map(({ host }) => callObject(env, host, (object) => object.running(owner))))
  ).flat();
};
