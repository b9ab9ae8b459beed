import { workspaceCalls } from '../../shared/calls/workspace.ts';
import { AppError } from '../../shared/errors.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import { type WorkspaceJson, workspaceRoutes } from '../../shared/routes/workspaces.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import { callHost } from '../hosts/call.ts';
import { knownMachines } from '../hosts/known.ts';
import type { Context } from '../http/context.ts';
import { notYet } from '../http/not-yet.ts';
import { on, type Served } from '../http/on.ts';
import { pageOf } from '../http/paging.ts';
import { requireHandshake } from '../http/socket.ts';
import { requireHost } from '../missions/create.ts';
import { changes, checkName, checkPath } from '../workspaces/changes.ts';
import { wireWorkspaces } from '../workspaces/wire.ts';
import { noTerminals } from './console.ts';

/** Contract §2.3. */
const initLogPath = '/var/log/openagent-init.log';

const createText =
  'This version has one workspace per server, the host workspace, and creates no others yet. Enrol another server with ' +
  '`openagent hosts add`.';
const changeText = 'This version keeps no settings of a workspace yet. It cannot change: ';
const execText = 'This version runs no commands in a workspace from outside: send a message to a mission.';
const notContainer = 'Workspace is not a container type';

/** The host workspace of every server, the default one under the nil UUID (contract §2.3). */
export const workspaces: Served[] = [
  on(workspaceRoutes.list, async ({ c, query }) => pageOf(c, query, (await shown(c)).workspaces)),
  on(workspaceRoutes.create, async ({ c, body: { name, template, path } }) => {
    checkName(name);
    if (template) throw new AppError('unavailable', 'Library not initialized');
    const { workspaces: all } = await shown(c);
    if (path) checkPath(path, all.find(({ id }) => id === nilWorkspace)?.path ?? '');
    if (all.some((workspace) => workspace.name === name)) {
      throw new AppError('conflict', `A workspace with the name ${name} exists`);
    }
    throw new AppError('bad_request', createText);
  }),
  on(workspaceRoutes.read, async ({ c, params }) => (await wanted(c, params)).workspace),
  on(workspaceRoutes.update, async ({ c, params, body }) => {
    const { workspace } = await wanted(c, params);
    if (typeof body.name === 'string') checkName(body.name);
    const fields = changes(workspace, body);
    if (fields.length > 0) throw new AppError('bad_request', changeText + fields.join(', '));
    return workspace;
  }),
  on(workspaceRoutes.remove, async ({ c, params }) => {
    const { workspace } = await wanted(c, params);
    if (workspace.id === nilWorkspace) throw new AppError('bad_request', 'Cannot delete default host workspace');
    const command = `\`openagent hosts remove ${workspace.name}\``;
    throw new AppError(
      'bad_request',
      `This workspace is the server ${workspace.name} itself: remove it with ${command}`,
    );
  }),
  on(workspaceRoutes.build, async ({ c, params }) => {
    await wanted(c, params);
    throw new AppError('bad_request', notContainer);
  }),
  on(workspaceRoutes.debug, async ({ c, principal, params }) => {
    const { workspace, host } = await wanted(c, params);
    const found = await callHost(c.env, principal, requireHost(host).id, workspaceCalls.debug, {});
    const { id, name, status, distro, error_message: last_error } = workspace;
    const ofContainers = { size_bytes: null, init_script_exists: false, init_script_modified: null };
    return { id, name, status, ...found, ...ofContainers, distro, last_error };
  }),
  on(workspaceRoutes.initLog, async ({ c, principal, params }) => {
    const { host } = await wanted(c, params);
    const found = await callHost(c.env, principal, requireHost(host).id, workspaceCalls.initLog, {});
    return { ...found, log_path: initLogPath };
  }),
  on(workspaceRoutes.sync, async ({ c, params }) => {
    await wanted(c, params);
    return notYet('Library not initialized')(c);
  }),
  on(workspaceRoutes.exec, async ({ c, params }) => {
    await wanted(c, params);
    throw new AppError('bad_request', execText);
  }),
  on(workspaceRoutes.rerunInit, async ({ c, params }) => {
    await wanted(c, params);
    throw new AppError('bad_request', notContainer);
  }),
  on(workspaceRoutes.shell, async ({ c, params }) => {
    requireHandshake(c);
    await wanted(c, params);
    return notYet(noTerminals)(c);
  }),
];

/** All servers, and their workspaces as whoever asks may see them. */
const shown = async (c: Context): Promise<{ all: HostRow[]; workspaces: WorkspaceJson[] }> => {
  const [all, isKnown] = await Promise.all([listHosts(directory(c.env)), knownMachines(c)]);
  return { all, workspaces: wireWorkspaces(all, isKnown) };
};

/** The workspace of the path with its server, which is null while none is enrolled. 400 and 404 as everywhere. */
export const wanted = async (
  c: Context,
  { id }: { id: string },
): Promise<{ workspace: WorkspaceJson; host: HostRow | null }> => {
  const { all, workspaces } = await shown(c);
  const named = all[0]?.workspaceId === id ? nilWorkspace : id;
  const workspace = workspaces.find((each) => each.id === named);
  if (!workspace) throw new AppError('not_found', `Workspace ${id} not found`);
  const host = named === nilWorkspace ? all[0] : all.find(({ workspaceId }) => workspaceId === named);
  return { workspace, host: host ?? null };
};
