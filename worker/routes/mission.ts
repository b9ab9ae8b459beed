import { parallelBody, resumeBody, statusBody } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { forgetCurrentMission, setCurrentMission } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { listHosts } from '../directory/hosts.ts';
import { hostOfMission } from '../directory/missions.ts';
import { ask, unwrap } from '../host-calls.ts';
import { jsonBody, optionalBody } from '../http/body.ts';
import { routes } from '../http/context.ts';
import { jsonStream } from '../http/json-stream.ts';
import { countQuery, missionParam } from '../http/params.ts';
import { eventsText } from '../missions/events.ts';
import { readMission, requireMissionHost } from '../missions/find.ts';
import { startInParallel } from '../missions/parallel.ts';
import { wireMission, wireMissionNamed } from '../missions/wire.ts';

/** Contract §2.2: what a client gets that names no limit. */
const defaultEventsLimit = 50_000;

/** One mission (contract §2.2). Every look-up goes by owner; the object checks the owner again. */
export const mission = routes()
  .get('/:id', async (c) => {
    const id = missionParam(c);
    const [found, all] = await Promise.all([readMission(c.env, c.get('user').id, id), listHosts(directory(c.env))]);
    return c.json(wireMissionNamed(all, found));
  })
  .post('/:id/load', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const db = directory(c.env);
    const [found, all] = await Promise.all([readMission(c.env, owner, id), listHosts(db)]);
    await setCurrentMission(db, owner, id);
    return c.json(wireMission(all, found));
  })
  .get('/:id/tree', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const host = await requireMissionHost(c.env, owner, id);
    return c.json(unwrap(await ask(c.env, host, (object) => object.tree(owner, id))));
  })
  .get('/:id/events', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const types = (c.req.query('types') ?? '')
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== '');
    const wish = {
      types: types.length === 0 ? null : types,
      limit: countQuery(c, 'limit', defaultEventsLimit),
      offset: countQuery(c, 'offset', 0),
    };
    const host = await requireMissionHost(c.env, owner, id, 'Mission not found');
    return jsonStream(eventsText(c.env, host, owner, id, wish));
  })
  .post('/:id/status', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const { status } = await jsonBody(c, statusBody);
    const host = await requireMissionHost(c.env, owner, id);
    unwrap(await ask(c.env, host, (object) => object.setStatus(owner, id, status)));
    return c.json({ ok: true });
  })
  .post('/:id/cancel', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const host = await requireMissionHost(c.env, owner, id);
    unwrap(await ask(c.env, host, (object) => object.cancel(owner, id)));
    return c.json({ ok: true, cancelled: id });
  })
  .post('/:id/parallel', async (c) => {
    const id = missionParam(c);
    const { content } = await jsonBody(c, parallelBody);
    await startInParallel(c.env, c.get('user').id, c.req.header('Idempotency-Key'), id, content);
    return c.json({ ok: true, mission_id: id });
  })
  .post('/:id/resume', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const db = directory(c.env);
    const { clean_workspace: clean } = await optionalBody(c, resumeBody);
    const [host, all] = await Promise.all([hostOfMission(db, owner, id), listHosts(db)]);
    // The contract has 400 here, where every other endpoint has 404.
    if (host === null) throw new AppError('bad_request', `Mission ${id} not found`);
    const resumed = unwrap(await ask(c.env, host, (object) => object.resume(owner, id, clean ?? false)));
    await setCurrentMission(db, owner, id);
    return c.json(wireMission(all, resumed));
  })
  .delete('/:id', async (c) => {
    const id = missionParam(c);
    const owner = c.get('user').id;
    const host = await requireMissionHost(c.env, owner, id, 'Mission not found');
    unwrap(await ask(c.env, host, (object) => object.deleteMission(owner, id)));
    await forgetCurrentMission(directory(c.env), owner, [id]);
    return c.json({ ok: true, deleted: id });
  });
