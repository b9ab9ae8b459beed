import type { RunningJson } from '../../shared/api.ts';
import type { Env } from '../env.ts';
import { type Answers, askEach } from '../hosts/each.ts';
import { callObject, type HostObject } from '../hosts/object.ts';
import { liveServersOf } from '../hosts/of-user.ts';

/** What runs now, from the objects of the servers where something of this user is alive. */
export const runningMissions = async (env: Env, owner: string): Promise<Answers<RunningJson>> => {
  const { answers, leftOut } = await askLive(env, owner, (object) => object.running(owner));
  return { answers: answers.flat(), leftOut };
};

/** How many missions have a turn that runs, of the servers that answered. */
export const runningCount = async (env: Env, owner: string): Promise<{ count: number; leftOut: number }> => {
  const { answers, leftOut } = await askLive(env, owner, (object) => object.runningCount(owner));
  return { count: answers.reduce((sum, count) => sum + count, 0), leftOut };
};

const askLive = async <T>(env: Env, owner: string, ask: (object: HostObject) => Promise<T>): Promise<Answers<T>> =>
  askEach(await liveServersOf(env, owner), (host) => callObject(env, host, ask));
