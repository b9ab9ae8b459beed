import { messageBody } from '../../shared/api.ts';
import { currentMission } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner, liveHosts } from '../directory/hosts.ts';
import { hostOfMission } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import { ask, unwrap } from '../host-calls.ts';
import { jsonBody } from '../http/body.ts';
import { routes } from '../http/context.ts';
import { pageOf } from '../http/params.ts';
import { currentProgress, currentTree } from '../missions/agents.ts';
import { parallelConfig } from '../missions/parallel.ts';
import { runningMissions } from '../missions/running.ts';
import { sendMessage } from '../missions/send.ts';

/** Messages and what runs (contract §2.2). */
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
  .get('/parallel/config', async (c) => c.json(await parallelConfig(c.env, c.get('user').id)))
  .get('/running', async (c) => c.json(pageOf(c, await runningMissions(c.env, c.get('user').id))))
  .get('/progress', async (c) => c.json(await currentProgress(c.env, c.get('user').id)))
  .get('/tree', async (c) => c.json(await currentTree(c.env, c.get('user').id)));

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
