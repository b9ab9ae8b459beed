import { AppError } from '../../shared/errors.ts';
import { serverRoutes } from '../../shared/routes/servers.ts';
import { directory } from '../directory/directory.ts';
import { findHost } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { on, type Served } from '../http/on.ts';

/** For how long a server keeps what happened: shown to admins, and set by them. */
export const retention: Served[] = [
  on(serverRoutes.retention, async ({ c, principal, params: { id } }) => {
    await requireHost(c.env, id);
    return callObject(c.env, id, (object) => object.retention(principal));
  }),
  on(serverRoutes.setRetention, async ({ c, principal, params: { id }, body }) => {
    await requireHost(c.env, id);
    unwrap(await callObject(c.env, id, (object) => object.setRetention(principal, body)));
    return { ok: true };
  }),
];

/** An object of a made-up id would be made by asking it. */
const requireHost = async (env: Env, id: string): Promise<void> => {
  if ((await findHost(directory(env), id)) === null) throw new AppError('not_found', `Server ${id} not found`);
};
