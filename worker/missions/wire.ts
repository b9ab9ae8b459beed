import type { MissionJson } from '../../shared/api.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import type { HostRow } from '../directory/hosts.ts';

/** The name of the default workspace; iOS and the web app know it (contract §1.6). */
const defaultName = 'host';

/** A workspace's id as clients know it: the default server's own is the nil UUID (architecture §2). */
export const wireWorkspace = (all: readonly HostRow[], workspace: string): { id: string; name: string | undefined } => {
  const at = all.findIndex((host) => host.workspaceId === workspace);
  if (at === 0) return { id: nilWorkspace, name: defaultName };
  return { id: workspace, name: all[at]?.name };
};

/** A mission as clients see it, without the workspace's name (contract §2.2: only lists and get-by-id have it). */
export const wireMission = (all: readonly HostRow[], mission: MissionJson): MissionJson => ({
  ...mission,
  workspace_id: wireWorkspace(all, mission.workspace_id).id,
});

export const wireMissionNamed = (all: readonly HostRow[], mission: MissionJson): MissionJson => {
  const { name } = wireWorkspace(all, mission.workspace_id);
  return { ...wireMission(all, mission), ...(name === undefined ? {} : { workspace_name: name }) };
};
