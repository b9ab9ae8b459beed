import { timestamp } from '../../shared/api.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import type { WorkspaceJson } from '../../shared/routes/workspaces.ts';
import type { HostRow } from '../directory/hosts.ts';
import { wireWorkspace } from '../missions/wire.ts';

/**
 * The host workspace of every server, sorted by name, with where it lies for those who may know. The list is never
 * without the default one (contract §2.3).
 */
export const wireWorkspaces = (all: readonly HostRow[], isKnown: (host: string) => boolean): WorkspaceJson[] => {
  if (all.length === 0) return [notYet];
  return all
    .map((host): WorkspaceJson => {
      const { id, name } = wireWorkspace(all, host.workspaceId);
      const created_at = timestamp(host.createdAt);
      const path = isKnown(host.id) ? (host.workingDir ?? '') : '';
      return { ...plain, id, name: name ?? host.name, path, status: 'ready', error_message: null, created_at };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

const plain = {
  workspace_type: 'host' as const,
  skills: [],
  tools: [],
  plugins: [],
  template: null,
  distro: null,
  init_script: null,
  env_vars: {},
};

/** The default workspace while no server is enrolled: shown as pending, with what to do. */
const notYet: WorkspaceJson = {
  ...plain,
  id: nilWorkspace,
  name: 'host',
  path: '',
  status: 'pending',
  error_message: 'No server is enrolled: run `openagent up`',
  created_at: timestamp(0),
};
