import * as z from 'zod';
import { AppError } from '../../shared/errors.ts';
import { commandId, type MissionId } from '../../shared/ids.ts';
import { directory } from '../directory/directory.ts';
import { listHosts } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { unknownSlots } from '../host/missions/slots.ts';
import { askEach } from '../hosts/each.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { liveServersOf } from '../hosts/of-user.ts';
import { limitsOf } from '../quotas/limits.ts';
import { messageContent } from './content.ts';
import { placeOfMission } from './place.ts';
import { reserve } from './reserve.ts';

const reserved = z.object({ message: commandId });

/**
 * Starts a mission with a message at once, beside what runs, or not at all (contract §3): 409 when it works already,
 * when its server has no slot left, or when there is none of this id; 503 when its server is away.
 */
export const startInParallel = async (
  env: Env,
  owner: string,
  key: string | undefined,
  mission: MissionId,
  text: string,
): Promise<void> => {
  const content = messageContent(text);
  const host = await placeOfMission(env, owner, mission);
  if (host === null) throw new AppError('conflict', `Mission ${mission} not found`);
  const named = { owner, route: 'POST /api/control/missions/:id/parallel', key, body: { mission, content } };
  const draw = async () => ({ message: commandId.parse(crypto.randomUUID()) });
  const { message: id } = await reserve(env, named, reserved, draw);
  const limits = await limitsOf(env, owner);
  const message = { id, mission, content, agent: null };
  unwrap(await callObject(env, host, (object) => object.startNow(owner, message, limits)));
};

/** How many missions all servers together work on at once, and how many of this user's they do now. */
export const parallelConfig = async (
  env: Env,
  owner: string,
): Promise<{ max_parallel_missions: number; running_count: number }> => {
  const [hosts, live] = await Promise.all([listHosts(directory(env)), liveServersOf(env, owner)]);
  const { answers } = await askEach(live, (host) => callObject(env, host, (object) => object.working(owner)));
  return {
    max_parallel_missions: hosts.reduce((sum, { slots }) => sum + (slots ?? unknownSlots), 0),
    running_count: answers.reduce((sum, n) => sum + n, 0),
  };
};
