import { type MissionId, missionShort } from '../../shared/ids.ts';
import { removeInner } from './remove-tree.ts';
import type { WorkspaceFiles } from './workspace.ts';

/**
 * Removes what a mission has in a workspace: its directory and the files that were given to it. Their paths go through
 * the one resolver as if a person had named them, who may see this mission alone; a symlink in their place is removed
 * itself. What is not there is removed. Throws AppError and what the file system says.
 */
export const removeMissionFiles = async (files: WorkspaceFiles, mission: MissionId): Promise<void> => {
  for (const path of [`/workspaces/mission-${missionShort(mission)}`, `/root/context/${mission}`])
    await removeWhereThere(files, mission, path);
};

const removeWhereThere = async (files: WorkspaceFiles, mission: MissionId, path: string): Promise<void> => {
  const scope = { current: mission, missions: [mission], everything: false };
  try {
    const wanted = files.wanted(scope, path);
    const { directory, name } = await files.openParent(scope, wanted);
    try {
      await files.checkRemovable(`${directory.path}/${name}`, wanted.shown);
      await removeInner(directory, name);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
