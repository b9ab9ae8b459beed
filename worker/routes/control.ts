import { controlRoutes } from '../../shared/routes/control.ts';
import { sayError } from '../account/asked.ts';
import type { Env } from '../env.ts';
import { callObject, type HostObject, unwrap } from '../hosts/object.ts';
import { serversOf } from '../hosts/of-user.ts';
import { tellLeftOut } from '../http/left-out.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';
import { currentProgress, currentTree } from '../missions/agents.ts';
import { parallelConfig } from '../missions/parallel.ts';
import { currentMission } from '../missions/place.ts';
import { runningMissions } from '../missions/running.ts';
import { sendMessage } from '../missions/send.ts';

/** Messages and what runs (contract §2.2). */
export const control: Served[] = [
  on(controlRoutes.message, ({ c, user, body }) => sendMessage(c.env, user.id, c.req.header('Idempotency-Key'), body)),
  on(controlRoutes.cancel, async ({ c, user: { id: owner } }) => {
    const current = await currentMission(c.env, owner);
    const host = current?.host ?? (await hostToCancelOn(c.env, owner));
    const ask = (object: HostObject) => object.cancelMain(owner, current?.mission ?? null);
    const isCancelled = host !== null && unwrap(await callObject(c.env, host, ask));
    if (!isCancelled) await sayError(c.env, owner, 'No running task to cancel');
    return { ok: true };
  }),
  on(controlRoutes.parallelConfig, ({ c, user }) => parallelConfig(c.env, user.id)),
  on(controlRoutes.running, async ({ c, user, query }) => {
    const { answers, leftOut } = await runningMissions(c.env, user.id);
    tellLeftOut(c, leftOut);
    return pageOf(c, query, answers);
  }),
  on(controlRoutes.progress, ({ c, user }) => currentProgress(c.env, user.id)),
  on(controlRoutes.tree, ({ c, user }) => currentTree(c.env, user.id)),
];

/** Without a current mission: a server where something may run, else any that has missions of this user. */
const hostToCancelOn = async (env: Env, owner: string): Promise<string | null> => {
  return (await serversOf(env, owner))[0]?.host ?? null;
};
