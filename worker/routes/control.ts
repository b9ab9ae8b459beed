import { controlRoutes } from '../../shared/routes/control.ts';
import { currentMission } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner, liveHosts } from '../directory/hosts.ts';
import { hostOfMission } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';
import { currentProgress, currentTree } from '../missions/agents.ts';
import { parallelConfig } from '../missions/parallel.ts';
import { runningMissions } from '../missions/running.ts';
import { sendMessage } from '../missions/send.ts';

/** Messages and what runs (contract §2.2). */
export const control: Served[] = [
  on(controlRoutes.message, ({ c, user, body }) => sendMessage(c.env, user.id, c.req.header('Idempotency-Key'), body)),
  on(controlRoutes.cancel, async ({ c, user: { id: owner } }) => {
    const current = await currentMission(directory(c.env), owner);
    const host = await hostToCancelOn(c.env, owner);
    // Without any server nothing runs, and there is no stream on which the error could be shown.
    if (host !== null) unwrap(await callObject(c.env, host, (object) => object.cancelMain(owner, current)));
    return { ok: true };
  }),
  on(controlRoutes.parallelConfig, ({ c, user }) => parallelConfig(c.env, user.id)),
  on(controlRoutes.running, async ({ c, user, query }) => pageOf(c, query, await runningMissions(c.env, user.id))),
  on(controlRoutes.progress, ({ c, user }) => currentProgress(c.env, user.id)),
  on(controlRoutes.tree, ({ c, user }) => currentTree(c.env, user.id)),
];

/** The current mission's server, else one where something may run, else any that has missions of this user. */
const hostToCancelOn = async (env: Env, owner: string): Promise<string | null> => {
  const db = directory(env);
  const current = await currentMission(db, owner);
  const held = current && (await hostOfMission(db, owner, current));
  if (held) return held;
  const mine = await hostsOfOwner(db, owner);
  const live = (await liveHosts(db)).filter((host) => mine.includes(host));
  return live[0] ?? mine[0] ?? null;
};
