import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MissionId } from '../../shared/ids.ts';
import { contextDirectory, missionDirectory } from './paths.ts';
import { removeMissionFiles } from './remove-mission.ts';
import type { Workspace } from './workspace.ts';

/** What a prepared directory has at its top, and what OpenCode may put into its configuration. */
const ours = new Set(['.git', '.opencode', 'context', 'opencode.json', 'output', 'temp']);
const configured = new Set(['node_modules', 'opencode.json', 'package-lock.json', 'package.json', '.gitignore']);

/**
 * Removes the directory of a mission that was prepared and never began, unless somebody has put something into it: then
 * it stays, for the mission's own deletion. What is not there is removed. Throws AppError and what the file system
 * says.
 */
export const removeUntouched = async (workspace: Workspace, mission: MissionId): Promise<void> => {
  const directory = missionDirectory(workspace.directory, mission);
  const names = async (...path: string[]): Promise<string[]> => readdir(join(...path)).catch(missing);
  const isEmpty = async (...path: string[]): Promise<boolean> => (await names(...path)).length === 0;
  const isUntouched =
    (await names(directory)).every((name) => ours.has(name)) &&
    (await names(directory, '.opencode')).every((name) => configured.has(name)) &&
    (await isEmpty(directory, 'output')) &&
    (await isEmpty(directory, 'temp')) &&
    (await isEmpty(contextDirectory(workspace.directory, mission)));
  if (isUntouched) await removeMissionFiles(workspace.files, mission);
};

const missing = (error: unknown): string[] => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
};
