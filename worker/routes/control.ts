import { messageBody } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { currentMission } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner, liveHosts } from '../directory/hosts.ts';
import { hostOfMission } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import { ask, unwrap } from '../host-calls.ts';
import { jsonBody } from '../http/body.ts';
import { routes } from '../http/context.ts';
import { idParam } from '../http/params.ts';
import { runningMissions } from '../missions/running.ts';
import { sendMessage } from '../missions/send.ts';

/** Messages, the queue and what runs (contract §2.2). */
export const control = routes()
  .post('/message', async (c) => {
    const body = await jsonBody(c, messageBody);
    return c.json(await sendMessage(c.env, c.get('user').id, c.req.header('Idempotency-Key'), body));
  })
  .post('/cancel', async (c) => {
    const owner = c.get('user').id;
    const current = await currentMission(directory(c.env), owner);
    const host = await hostToCancelOn(c.env, owner);
    // Without any server nothing runs and no stream of a server is there to say so.
    if (host !== null) unwrap(await ask(c.env, host, (object) => object.cancelMain(owner, current)));
    return c.json({ ok: true });
  })
  .get('/queue', async (c) => {
    const owner = c.get('user').id;
    const hosts = await hostsOfOwner(directory(c.env), owner);
    return c.json((await Promise.all(hosts.map((host) => ask(c.env, host, (object) => object.queued(owner))))).flat());
  })
  .delete('/queue', async (c) => {
    const owner = c.get('user').id;
    const hosts = await hostsOfOwner(directory(c.env), owner);
    const counts = await Promise.all(hosts.map((host) => ask(c.env, host, (object) => object.clearQueue(owner))));
    return c.json({ ok: true, cleared: counts.reduce((sum, cleared) => sum + cleared, 0) });
  })
  .delete('/queue/:id', async (c) => {
    const id = idParam(c);
    const owner = c.get('user').id;
    for (const host of await hostsOfOwner(directory(c.env), owner)) {
      const answer = await ask(c.env, host, (object) => object.removeQueued(owner, id));
      if (answer.ok) return c.json({ ok: true });
      if (answer.code !== 'not_found') unwrap(answer);
    }
    throw new AppError('not_found', 'message not in queue');
  })
  .get('/running', async (c) => c.json(await runningMissions(c.env, c.get('user').id)))
  .get('/progress', (c) =>
    c.json({ total_subtasks: 0, completed_subtasks: 0, current_subtask: null, current_depth: 0 }),
  );

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
