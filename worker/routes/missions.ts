import * as z from 'zod';
import { missionId } from '../../shared/ids.ts';
import { missionRoutes } from '../../shared/routes/missions.ts';
import { directory } from '../directory/directory.ts';
import { findHost, hostOfWorkspace, listHosts } from '../directory/hosts.ts';
import { listMissions, listTrash } from '../directory/missions.ts';
import { trashMs } from '../host/missions/trash.ts';
import { changeEach } from '../hosts/each.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { allServersOfOwner } from '../hosts/of-user.ts';
import { on, type Served } from '../http/on.ts';
import { tellTotal } from '../http/paging.ts';
import { createMission, drawOn, knownAgent, requireHost } from '../missions/create.ts';
import { serversToName } from '../missions/names.ts';
import { currentMission, forgetMissions } from '../missions/place.ts';
import { reserve } from '../missions/reserve.ts';
import { wholeMission } from '../missions/whole.ts';
import { wireMission, wireMissionNamed } from '../missions/wire.ts';

/** What a repeated creation finds again: the id, and the server the first attempt chose. */
const reserved = z.object({ mission: missionId, host: z.string() });

/** Contract §2.2: what a client gets that names no limit. */
const defaultLimit = 50;

/** The missions of a user as a whole (contract §2.2). */
export const missions: Served[] = [
  on(missionRoutes.list, async ({ c, user, query: { limit = defaultLimit, offset = 0, deleted } }) => {
    const db = directory(c.env);
    const { list, total, hosts } = await (deleted === 'true'
      ? listTrash(db, user.id, { limit, offset }, { keptMs: trashMs(c.env.TRASH_DAYS), nowMs: c.env.clock.now() })
      : listMissions(db, user.id, limit, offset));
    tellTotal(c, total);
    return list.map((mission) => wireMissionNamed(hosts, mission));
  }),
  on(missionRoutes.create, async ({ c, user: { id: owner }, body }) => {
    const db = directory(c.env);
    const all = await listHosts(db);
    const wanted = requireHost(hostOfWorkspace(all, body.workspace_id));
    const agent = knownAgent(wanted, body.agent);
    const named = { owner, route: 'POST /api/control/missions', key: c.req.header('Idempotency-Key'), body };
    const draw = async () => ({ mission: await drawOn(c.env, owner, wanted.id), host: wanted.id });
    const chosen = await reserve(c.env, named, reserved, draw);

    const host = requireHost(await findHost(db, chosen.host));
    const choice = { title: body.title?.trim() || null, agent, model: body.model_override?.trim() || null };
    return wireMission(all, await createMission(c.env, owner, host, chosen.mission, choice));
  }),
  on(missionRoutes.current, async ({ c, user: { id: owner } }) => {
    const [current, all] = await Promise.all([currentMission(c.env, owner), serversToName(c.env)]);
    if (!current) return null;
    const answer = await callObject(c.env, current.host, (object) => object.mission(owner, current.mission));
    // Deleted between the two reads: the pointer is about to be forgotten.
    if (!answer.ok && answer.code === 'not_found') return null;
    return wholeMission(c, current.host, unwrap(answer), (mission) => wireMission(all, mission));
  }),
  on(missionRoutes.cleanup, async ({ c, user: { id: owner } }) => {
    const hosts = await allServersOfOwner(c.env, owner);
    const cleaned = await changeEach(
      hosts,
      (host) => callObject(c.env, host, (object) => object.cleanup(owner)),
      (some) => forgetMissions(c.env, owner, some.flat()),
    );
    const deleted = cleaned.flat();
    return { ok: true, deleted_count: deleted.length };
  }),
];
