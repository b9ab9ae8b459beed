import * as z from 'zod';
import { commandId, missionId } from '../../shared/ids.ts';
import { directory } from '../directory/directory.ts';
import { findHost, listHosts } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { callObject } from '../hosts/object.ts';
import { limitsOf } from '../quotas/limits.ts';
import { messageContent } from './content.ts';
import { createMission, drawOn, requireHost } from './create.ts';
import { requireMissionHost } from './find.ts';
import { currentMission, routed } from './place.ts';
import { reserve } from './reserve.ts';

/**
 * Where a message goes, decided once for all repeats of the request; `creates` when its mission is to be made first.
 */
const route = z.object({
  message: commandId,
  mission: missionId,
  host: z.string(),
  creates: z.enum(['yes', 'no']),
});
type Route = z.infer<typeof route>;

export interface Message {
  content: string;
  agent: string | null;
  mission_id: z.infer<typeof missionId> | null;
}

/**
 * Takes a message in (contract §2.2, §5.3): to its target, else to the user's current mission, else to a new untitled
 * one. The mission becomes the current one. Out: the message's id, and whether it has to wait. 400, 404, 413, 422, 503.
 */
export const sendMessage = async (
  env: Env,
  owner: string,
  key: string | undefined,
  message: Message,
): Promise<{ id: string; queued: boolean }> => {
  const content = messageContent(message.content);
  const named = { owner, route: 'POST /api/control/message', key, body: message };
  const chosen = await reserve(env, named, route, () => chooseRoute(env, owner, message));

  if (chosen.creates === 'yes') await createUntitled(env, owner, chosen);
  const wanted = { id: chosen.message, mission: chosen.mission, content, agent: message.agent?.trim() || null };
  const limits = await limitsOf(env, owner);
  const { queued } = await routed(env, owner, { mission: chosen.mission, host: chosen.host }, () =>
    callObject(env, chosen.host, (object) => object.message(owner, wanted, limits)),
  );
  return { id: chosen.message, queued };
};

const chooseRoute = async (env: Env, owner: string, message: Message): Promise<Route> => {
  const id = commandId.parse(crypto.randomUUID());
  if (message.mission_id) {
    const host = await requireMissionHost(env, owner, message.mission_id);
    return { message: id, mission: message.mission_id, host, creates: 'no' };
  }
  const current = await currentMission(env, owner);
  if (current) return { message: id, ...current, creates: 'no' };
  const host = requireHost((await listHosts(directory(env)))[0] ?? null);
  return { message: id, mission: await drawOn(env, owner, host.id), host: host.id, creates: 'yes' };
};

const createUntitled = async (env: Env, owner: string, chosen: Route): Promise<void> => {
  const host = requireHost(await findHost(directory(env), chosen.host));
  await createMission(env, owner, host, chosen.mission, { title: null, agent: null, model: null });
};
