import { lstat } from 'node:fs/promises';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import type { Pinned } from './pinned.ts';
import { emptyInner, removeInner } from './remove-tree.ts';
import type { WorkspaceFiles } from './workspace.ts';

/**
 * Removes what a mission has in a workspace: its directory and the files that were given to it. Their paths go through
 * the one resolver as if a person had named them, who may see this mission alone; a symlink in their place is removed
 * itself. What is not there is removed. Throws AppError and what the file system says.
 */
export const removeMissionFiles = (files: WorkspaceFiles, mission: MissionId): Promise<void> =>
  inItsPlaces(files, mission, removeInner);

/**
 * Removes all that is in these two directories, and not the directories: they lie in one that is not their owner's. A
 * symlink in their place is left alone. Throws as `removeMissionFiles` does.
 */
export const emptyMissionFiles = (files: WorkspaceFiles, mission: MissionId): Promise<void> =>
  inItsPlaces(files, mission, async (parent, name) => {
    if ((await lstat(parent.at(name))).isDirectory()) await emptyInner(parent, name);
  });

const inItsPlaces = async (
  files: WorkspaceFiles,
  mission: MissionId,
  remove: (parent: Pinned, name: string) => Promise<void>,
): Promise<void> => {
  for (const path of [`/workspaces/mission-${missionShort(mission)}`, `/root/context/${mission}`])
    await whereThere(files, mission, path, remove);
};

const whereThere = async (
  files: WorkspaceFiles,
  mission: MissionId,
  path: string,
  remove: (parent: Pinned, name: string) => Promise<void>,
): Promise<void> => {
  const scope = { current: mission, missions: [mission], everything: false };
  try {
    const wanted = files.wanted(scope, path);
    const { directory, name } = await files.openParent(scope, wanted);
    try {
      await files.checkRemovable(`${directory.path}/${name}`, wanted.shown);
      await remove(directory, name);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
