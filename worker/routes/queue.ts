import { editBody } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { ask, type HostObject, unwrap } from '../host-calls.ts';
import { jsonBody } from '../http/body.ts';
import { routes } from '../http/context.ts';
import { idParam, missionQuery, pageOf } from '../http/params.ts';
import { messageContent } from '../missions/content.ts';

/** Messages that wait, of all missions of a user or of one (contract §2.2 Queue); editing them is NEW. */
export const queue = routes()
  .get('/', async (c) => {
    const owner = c.get('user').id;
    const mission = missionQuery(c, 'mission_id');
    const hosts = await hostsOfOwner(directory(c.env), owner);
    const queues = hosts.map((host) => ask(c.env, host, (object) => object.queued(owner, mission)));
    return c.json(pageOf(c, (await Promise.all(queues)).flat()));
  })
  .delete('/', async (c) => {
    const owner = c.get('user').id;
    const hosts = await hostsOfOwner(directory(c.env), owner);
    const counts = await Promise.all(hosts.map((host) => ask(c.env, host, (object) => object.clearQueue(owner))));
    return c.json({ ok: true, cleared: counts.reduce((sum, cleared) => sum + cleared, 0) });
  })
  .patch('/:id', async (c) => {
    const id = idParam(c);
    const owner = c.get('user').id;
    const { content, was } = await jsonBody(c, editBody);
    const edit = { id, content: messageContent(content), was };
    await onItsServer(c.env, owner, (object) => object.editQueued(owner, edit));
    return c.json({ ok: true });
  })
  .delete('/:id', async (c) => {
    const id = idParam(c);
    const owner = c.get('user').id;
    await onItsServer(c.env, owner, (object) => object.removeQueued(owner, id));
    return c.json({ ok: true });
  });

/** A message id names no server: the user's are asked one after the other. 404 when none has it waiting. */
const onItsServer = async (
  env: Env,
  owner: string,
  change: (object: HostObject) => Promise<Reply<null>>,
): Promise<void> => {
  for (const host of await hostsOfOwner(directory(env), owner)) {
    const answer = await ask(env, host, change);
    if (answer.ok) return;
    if (answer.code !== 'not_found') unwrap(answer);
  }
  throw new AppError('not_found', 'message not in queue');
};
