import type { MissionJson } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import { missionRoutes } from '../../shared/routes/missions.ts';
import type { HistoryQuery } from '../../shared/routes/scalars.ts';
import { heldJson } from '../account/held-json.ts';
import { directory } from '../directory/directory.ts';
import { listHosts } from '../directory/hosts.ts';
import { hostOfAnyMission } from '../directory/missions.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import type { Context } from '../http/context.ts';
import { on, type Served } from '../http/on.ts';
import { tellTotal } from '../http/paging.ts';
import { eventsText } from '../missions/events.ts';
import { readMission, requireMissionHost } from '../missions/find.ts';
import { serversToName } from '../missions/names.ts';
import { startInParallel } from '../missions/parallel.ts';
import { forgetMissions, placeOfMission, routed, setCurrentMission } from '../missions/place.ts';
import { wholeMission, withoutPage } from '../missions/whole.ts';
import { wireMission, wireMissionNamed } from '../missions/wire.ts';
import { limitsOf } from '../quotas/limits.ts';

/** Contract §2.2: what a client gets that names no limit. */
const defaultEventsLimit = 50_000;

/** One mission (contract §2.2). Every look-up goes by owner; the object checks the owner again. */
export const mission: Served[] = [
  on(missionRoutes.read, async ({ c, user, params: { id }, query }) => {
    const [read, all] = await Promise.all([asked(c, user.id, id, query), serversToName(c.env)]);
    return read((mission) => wireMissionNamed(all, mission));
  }),
  on(missionRoutes.restore, async ({ c, user, params: { id } }) => {
    const db = directory(c.env);
    const [host, all] = await Promise.all([hostOfAnyMission(db, user.id, id), listHosts(db)]);
    if (host === null) throw new AppError('not_found', `Mission ${id} not found`);
    const restored = unwrap(await callObject(c.env, host, (object) => object.restoreMission(user.id, id)));
    return wholeMission(c, host, restored, (mission) => wireMission(all, mission));
  }),
  on(missionRoutes.load, async ({ c, user, params: { id }, query }) => {
    const [read, all] = await Promise.all([asked(c, user.id, id, query), serversToName(c.env)]);
    await setCurrentMission(c.env, user.id, { mission: id, host: await requireMissionHost(c.env, user.id, id) });
    return read((mission) => wireMission(all, mission));
  }),
  on(missionRoutes.tree, async ({ c, user, params: { id } }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    return unwrap(await callObject(c.env, host, (object) => object.tree(user.id, id)));
  }),
  on(missionRoutes.events, async ({ c, user, params: { id }, query }) => {
    const types = (query.types ?? '')
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== '');
    const wanted = {
      types: types.length === 0 ? null : types,
      limit: query.limit ?? defaultEventsLimit,
      offset: query.offset ?? 0,
      archived: query.archived === 'true',
    };
    const host = await requireMissionHost(c.env, user.id, id, 'Mission not found');
    return heldJson(c, eventsText(c.env, host, user.id, id, wanted));
  }),
  on(missionRoutes.setStatus, async ({ c, user, params: { id }, body: { status } }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    unwrap(await callObject(c.env, host, (object) => object.setStatus(user.id, id, status)));
    return { ok: true };
  }),
  on(missionRoutes.cancel, async ({ c, user, params: { id } }) => {
    const host = await requireMissionHost(c.env, user.id, id);
    unwrap(await callObject(c.env, host, (object) => object.cancel(user.id, id)));
    return { ok: true, cancelled: id };
  }),
  on(missionRoutes.parallel, async ({ c, user, params: { id }, body: { content } }) => {
    await startInParallel(c.env, user.id, c.req.header('Idempotency-Key'), id, content);
    return { ok: true, mission_id: id };
  }),
  on(missionRoutes.resume, async ({ c, user, params: { id }, body: { clean_workspace: clean } }) => {
    const [host, all] = await Promise.all([placeOfMission(c.env, user.id, id), serversToName(c.env)]);
    // The contract has 400 here, where every other endpoint has 404.
    if (host === null) throw new AppError('bad_request', `Mission ${id} not found`);
    const limits = await limitsOf(c.env, user.id);
    const resumed = await routed(c.env, user.id, { mission: id, host }, () =>
      callObject(c.env, host, (object) => object.resume(user.id, id, clean ?? false, limits)),
    );
    return wholeMission(c, host, resumed, (mission) => wireMission(all, mission));
  }),
  on(missionRoutes.remove, async ({ c, user, params: { id } }) => {
    const host = await requireMissionHost(c.env, user.id, id, 'Mission not found');
    unwrap(await callObject(c.env, host, (object) => object.deleteMission(user.id, id)));
    await forgetMissions(c.env, user.id, [id]);
    return { ok: true, deleted: id };
  }),
];

/** Reads a mission with the part of its conversation that is asked for. Out: what makes the answer of it. */
const asked = async (
  c: Context,
  owner: string,
  id: MissionId,
  { history_limit: limit, history_offset: offset }: HistoryQuery,
): Promise<(wire: (mission: MissionJson) => MissionJson) => MissionJson | Promise<MissionJson | Response>> => {
  if (limit === undefined && offset === undefined) {
    const { host, found } = await readMission(c.env, owner, id);
    return (wire) => wholeMission(c, host, found, wire);
  }
  const page = { offset: offset ?? 0, limit: limit ?? Number.MAX_SAFE_INTEGER };
  const { found } = await readMission(c.env, owner, id, page);
  tellTotal(c, found.total);
  return (wire) => wire(withoutPage(found));
};
