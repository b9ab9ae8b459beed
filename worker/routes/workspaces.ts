import { timestamp } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import { directory } from '../directory/directory.ts';
import { type HostRow, listHosts } from '../directory/hosts.ts';
import { routes } from '../http/context.ts';
import { idParam } from '../http/params.ts';
import { wireWorkspace } from '../missions/wire.ts';

/** The host workspace of every server, the default one under the nil UUID (contract §2.3). */
export const workspaces = routes()
  .get('/', async (c) => c.json(wireWorkspaces(await listHosts(directory(c.env)))))
  .get('/:id', async (c) => {
    const id = idParam(c);
    const all = await listHosts(directory(c.env));
    const wanted = all[0]?.workspaceId === id ? nilWorkspace : id;
    const found = wireWorkspaces(all).find((workspace) => workspace.id === wanted);
    if (!found) throw new AppError('not_found', `Workspace ${id} not found`);
    return c.json(found);
  });

const wireWorkspaces = (all: readonly HostRow[]) => {
  if (all.length === 0) return [{ ...hostWorkspace, ...notYet, id: nilWorkspace, name: 'host' }];
  return all
    .map((host) => {
      const { id, name } = wireWorkspace(all, host.workspaceId);
      const created_at = timestamp(host.createdAt);
      return {
        ...hostWorkspace,
        id,
        name: name ?? host.name,
        path: host.workingDir ?? '',
        status: 'ready',
        error_message: null,
        created_at,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

const hostWorkspace = {
  workspace_type: 'host',
  skills: [],
  tools: [],
  plugins: [],
  template: null,
  distro: null,
  init_script: null,
  env_vars: {},
};

/** The contract's list is never without the default workspace, so it is shown as not there yet. */
const notYet = {
  path: '',
  status: 'pending',
  error_message: 'No server is enrolled: run `openagent up`',
  created_at: timestamp(0),
};
