import { AppError } from '../../shared/errors.ts';
import { controlRoutes } from '../../shared/routes/control.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { listed } from '../hosts/listed.ts';
import { callObject, type HostObject, unwrap } from '../hosts/object.ts';
import { liveServersOf, serversOfOwner } from '../hosts/of-user.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';
import { messageContent } from '../missions/content.ts';
import { limitsOf } from '../quotas/limits.ts';

/** Messages that wait, of all missions of a user or of one (contract §2.2 Queue); editing them is NEW. */
export const queue: Served[] = [
  on(controlRoutes.queue, async ({ c, user: { id: owner }, query }) => {
    const mission = query.mission_id ?? null;
    const hosts = await liveServersOf(c.env, owner);
    const queues = hosts.map((host) => listed(c.env, host, (object, after) => object.queued(owner, mission, after)));
    return pageOf(c, query, (await Promise.all(queues)).flat());
  }),
  on(controlRoutes.clearQueue, async ({ c, user: { id: owner } }) => {
    const hosts = await liveServersOf(c.env, owner);
    const counts = await Promise.all(
      hosts.map((host) => callObject(c.env, host, (object) => object.clearQueue(owner))),
    );
    return { ok: true, cleared: counts.reduce((sum, cleared) => sum + cleared, 0) };
  }),
  on(controlRoutes.editQueued, async ({ c, user: { id: owner }, params: { id }, body: { content, was } }) => {
    const edit = { id, content: messageContent(content), was };
    const limits = await limitsOf(c.env, owner);
    await onItsServer(c.env, owner, (object) => object.editQueued(owner, edit, limits));
    return { ok: true };
  }),
  on(controlRoutes.removeQueued, async ({ c, user: { id: owner }, params: { id } }) => {
    await onItsServer(c.env, owner, (object) => object.removeQueued(owner, id));
    return { ok: true };
  }),
];

/** A message id names no server: the user's are asked one after the other. 404 when none has it waiting. */
const onItsServer = async (
  env: Env,
  owner: string,
  change: (object: HostObject) => Promise<Reply<null>>,
): Promise<void> => {
  for await (const servers of serversOfOwner(env, owner)) {
    for (const host of servers) {
      const answer = await callObject(env, host, change);
      if (answer.ok) return;
      if (answer.code !== 'not_found') unwrap(answer);
    }
  }
  throw new AppError('not_found', 'message not in queue');
};
