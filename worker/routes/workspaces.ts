import { z } from 'zod';
import { workspaceDebug, workspaceInitLog } from '../../shared/calls/workspace.ts';
import { AppError } from '../../shared/errors.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import { callHost } from '../call.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import { jsonBody, optionalBody } from '../http/body.ts';
import { type Context, routes } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { idParam, pageOf } from '../http/params.ts';
import { requireHandshake } from '../http/socket.ts';
import { requireHost } from '../missions/create.ts';
import { type WorkspaceJson, wireWorkspaces } from '../workspaces/wire.ts';
import { changedWorkspaceBody, changes, checkName, checkPath, newWorkspaceBody } from '../workspaces/wish.ts';
import { noTerminals } from './console.ts';

const buildBody = z.object({ distro: z.string().nullish(), rebuild: z.boolean().nullish() });
const execBody = z.object({ command: z.string() });

/** Contract §2.3. */
const initLogPath = '/var/log/openagent-init.log';

const createText =
  'This version has one workspace per server, the host workspace, and creates no others yet. Enrol another server with ' +
  '`openagent hosts add`.';
const changeText = 'This version keeps no settings of a workspace yet. It cannot change: ';
const execText = 'This version runs no commands in a workspace from outside: send a message to a mission.';
const notContainer = 'Workspace is not a container type';

/** The host workspace of every server, the default one under the nil UUID (contract §2.3). */
export const workspaces = routes()
  .get('/', async (c) => c.json(pageOf(c, wireWorkspaces(await listHosts(directory(c.env))))))
  .post('/', async (c) => {
    const { name, template, path } = await jsonBody(c, newWorkspaceBody);
    checkName(name);
    if (template) throw new AppError('unavailable', 'Library not initialized');
    const all = wireWorkspaces(await listHosts(directory(c.env)));
    if (path) checkPath(path, all.find(({ id }) => id === nilWorkspace)?.path ?? '');
    if (all.some((workspace) => workspace.name === name)) {
      throw new AppError('conflict', `A workspace with the name ${name} exists`);
    }
    throw new AppError('bad_request', createText);
  })
  .get('/:id', async (c) => c.json((await wanted(c)).workspace))
  .put('/:id', async (c) => {
    const wish = await jsonBody(c, changedWorkspaceBody);
    const { workspace } = await wanted(c);
    if (typeof wish.name === 'string') checkName(wish.name);
    const fields = changes(workspace, wish);
    if (fields.length > 0) throw new AppError('bad_request', changeText + fields.join(', '));
    return c.json(workspace);
  })
  .delete('/:id', async (c) => {
    const { workspace } = await wanted(c);
    if (workspace.id === nilWorkspace) throw new AppError('bad_request', 'Cannot delete default host workspace');
    const command = `\`openagent hosts remove ${workspace.name}\``;
    throw new AppError(
      'bad_request',
      `This workspace is the server ${workspace.name} itself: remove it with ${command}`,
    );
  })
  .post('/:id/build', async (c) => {
    await optionalBody(c, buildBody);
    await wanted(c);
    throw new AppError('bad_request', notContainer);
  })
  .get('/:id/debug', async (c) => {
    const { workspace, host } = await wanted(c);
    const found = await callHost(c.env, requireHost(host).id, workspaceDebug, {});
    const { id, name, status, distro, error_message: last_error } = workspace;
    const ofContainers = { size_bytes: null, init_script_exists: false, init_script_modified: null };
    return c.json({ id, name, status, ...found, ...ofContainers, distro, last_error });
  })
  .get('/:id/init-log', async (c) => {
    const { host } = await wanted(c);
    const found = await callHost(c.env, requireHost(host).id, workspaceInitLog, {});
    return c.json({ ...found, log_path: initLogPath });
  })
  .post('/:id/sync', async (c) => {
    await wanted(c);
    return notYet('Library not initialized')(c);
  })
  .post('/:id/exec', async (c) => {
    await jsonBody(c, execBody);
    await wanted(c);
    throw new AppError('bad_request', execText);
  })
  .post('/:id/rerun-init', async (c) => {
    await wanted(c);
    throw new AppError('bad_request', notContainer);
  })
  .get('/:id/shell', async (c) => {
    requireHandshake(c);
    await wanted(c);
    return notYet(noTerminals)(c);
  });

/** The workspace of the path with its server, which is null while none is enrolled. 400 and 404 as everywhere. */
const wanted = async (c: Context): Promise<{ workspace: WorkspaceJson; host: HostRow | null }> => {
  const id = idParam(c);
  const all = await listHosts(directory(c.env));
  const named = all[0]?.workspaceId === id ? nilWorkspace : id;
  const workspace = wireWorkspaces(all).find((each) => each.id === named);
  if (!workspace) throw new AppError('not_found', `Workspace ${id} not found`);
  const host = named === nilWorkspace ? all[0] : all.find(({ workspaceId }) => workspaceId === named);
  return { workspace, host: host ?? null };
};
