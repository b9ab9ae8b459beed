import { z } from 'zod';
import { createMissionBody } from '../../shared/api.ts';
import { missionId } from '../../shared/ids.ts';
import { currentMissionHost, forgetCurrentMission } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { findHost, hostOfWorkspace, hostsOfOwner, listHosts } from '../directory/hosts.ts';
import { reserve } from '../directory/idempotency.ts';
import { drawMissionId, listMissions } from '../directory/missions.ts';
import { ask, unwrap } from '../host-calls.ts';
import { optionalBody } from '../http/body.ts';
import { routes } from '../http/context.ts';
import { pageQuery, tellTotal } from '../http/params.ts';
import { createMission, knownAgent, newMissionId, requireHost } from '../missions/create.ts';
import { wireMission, wireMissionNamed } from '../missions/wire.ts';

/** What a repeated creation finds again: the id, and the server the first attempt chose. */
const reserved = z.object({ mission: missionId, host: z.string() });

/** Contract §2.2: what a client gets that names no limit. */
const defaultLimit = 50;
/** An entry has the beginning of its conversation, so a page is up to 1 MB; whoever wants more goes on with `offset`. */
const mostMissions = 500;

/** The missions of a user as a whole (contract §2.2). */
export const missions = routes()
  .get('/', async (c) => {
    const db = directory(c.env);
    const { limit, offset } = pageQuery(c, defaultLimit, mostMissions);
    const [{ list, total }, all] = await Promise.all([
      listMissions(db, c.get('user').id, limit, offset),
      listHosts(db),
    ]);
    tellTotal(c, total);
    return c.json(list.map((mission) => wireMissionNamed(all, mission)));
  })
  .post('/', async (c) => {
    const owner = c.get('user').id;
    const db = directory(c.env);
    const body = await optionalBody(c, createMissionBody);
    const all = await listHosts(db);
    const wanted = requireHost(hostOfWorkspace(all, body.workspace_id));
    const agent = knownAgent(wanted, body.agent);
    const named = { owner, route: 'POST /api/control/missions', key: c.req.header('Idempotency-Key'), body };
    const draw = async () => ({ mission: await drawMissionId(db, wanted.id, newMissionId), host: wanted.id });
    const chosen = await reserve(db, named, reserved, draw, Date.now());

    const host = requireHost(await findHost(db, chosen.host));
    const wish = { title: body.title?.trim() || null, agent, model: body.model_override?.trim() || null };
    return c.json(wireMission(all, await createMission(c.env, owner, host, chosen.mission, wish)));
  })
  .get('/current', async (c) => {
    const owner = c.get('user').id;
    const db = directory(c.env);
    const [current, all] = await Promise.all([currentMissionHost(db, owner), listHosts(db)]);
    if (!current) return c.json(null);
    const answer = await ask(c.env, current.host, (object) => object.mission(owner, current.mission));
    // Deleted between the two reads: the pointer is about to be forgotten.
    if (!answer.ok && answer.code === 'not_found') return c.json(null);
    return c.json(wireMission(all, unwrap(answer)));
  })
  .post('/cleanup', async (c) => {
    const owner = c.get('user').id;
    const db = directory(c.env);
    const hosts = await hostsOfOwner(db, owner);
    const deleted = (
      await Promise.all(hosts.map((host) => ask(c.env, host, (object) => object.cleanup(owner))))
    ).flat();
    await forgetCurrentMission(db, owner, deleted);
    return c.json({ ok: true, deleted_count: deleted.length });
  });
