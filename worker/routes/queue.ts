import type { QueuedJson } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { controlRoutes } from '../../shared/routes/control.ts';
import { heldJson } from '../account/held-json.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { askEach, asUnavailable, changeEach } from '../hosts/each.ts';
import { pagesOf } from '../hosts/listed.ts';
import { callObject, type HostObject, unwrap } from '../hosts/object.ts';
import { liveServersOf, serversOfOwner } from '../hosts/of-user.ts';
import { leftOutHeader, tellLeftOut } from '../http/left-out.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf, totalHeader } from '../http/paging.ts';
import { messageContent } from '../missions/content.ts';
import { limitsOf } from '../quotas/limits.ts';

/** Messages that wait, of all missions of a user or of one (contract §2.2 Queue); editing them is NEW. */
export const queue: Served[] = [
  on(controlRoutes.queue, async ({ c, user: { id: owner }, query }) => {
    const mission = query.mission_id ?? null;
    const hosts = await liveServersOf(c.env, owner);
    const begun = async (host: string) => {
      const pages = pagesOf(c.env, host, (object, after) => object.queued(owner, mission, after));
      return { pages, first: (await pages.next()).value };
    };
    const { answers: queues, leftOut } = await askEach(hosts, begun);
    tellLeftOut(c, leftOut);
    const firsts = queues.map(({ first }) => first);
    const total = firsts.reduce((sum, first) => sum + first.total, 0);
    if (firsts.every(({ next }) => next === null))
      return pageOf(
        c,
        query,
        firsts.flatMap(({ list }) => list),
      );
    const { offset = 0, limit = total } = query;
    const pages = queues.map((queue) => queue.pages);
    return heldJson(c, partOf(firsts, pages, offset, offset + limit), {
      ...totalHeader(total),
      ...leftOutHeader(leftOut),
    });
  }),
  on(controlRoutes.clearQueue, async ({ c, user: { id: owner } }) => {
    const hosts = await liveServersOf(c.env, owner);
    const counts = await changeEach(hosts, (host) => callObject(c.env, host, (object) => object.clearQueue(owner)));
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

type Queue = { list: QueuedJson[] };

/**
 * The wanted part of long queues as JSON, a page after the other, each read when the one before was taken: nobody else
 * waits while megabytes of somebody's texts are written.
 */
async function* partOf(
  firsts: readonly Queue[],
  queues: readonly AsyncGenerator<Queue>[],
  from: number,
  to: number,
): AsyncGenerator<string> {
  let [at, separator] = [0, ''];
  yield '[';
  for (const [index, first] of firsts.entries()) {
    for (let page: Queue | undefined = first; page && at < to; page = (await queues[index]?.next())?.value) {
      for (const each of page.list) {
        if (at >= from && at < to) {
          yield separator + JSON.stringify(each);
          separator = ',';
        }
        at += 1;
      }
    }
  }
  yield ']';
}

/** A message id names no server: the user's are asked one after the other. 404 when none has it waiting. */
const onItsServer = async (
  env: Env,
  owner: string,
  change: (object: HostObject) => Promise<Reply<null>>,
): Promise<void> => {
  let failure: unknown = null;
  for await (const servers of serversOfOwner(env, owner)) {
    for (const host of servers) {
      const answer = await callObject(env, host, change).catch((cause: unknown) => {
        failure ??= cause;
        return null;
      });
      if (answer?.ok) return;
      if (answer !== null && answer.code !== 'not_found') unwrap(answer);
    }
  }
  // It may wait at the server that did not answer.
  if (failure !== null) throw asUnavailable(failure);
  throw new AppError('not_found', 'message not in queue');
};
