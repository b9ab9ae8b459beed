/**
 * What OpenCode sees of missions (architecture §4): in the place of the directory with their trees one of ours, with a
 * folder for each that is an empty git repository. So nothing that an agent has written is ever OpenCode's
 * configuration, and what it looks for above a mission's directory ends there (opencode §5).
 */
import { mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import type { Cover } from '../process/covered.ts';
import { privateDirectory } from '../process/private-file.ts';
import { initRepository } from './repository.ts';

/**
 * Makes `seen` ready to be shown in the place of the missions below `workingDir`, which is made too. It is a repository
 * itself: for OpenCode a directory need not be there, and what it finds above one that is not is ours as well. May be
 * repeated. Throws what the file system says.
 */
export const seenInstead = async (workingDir: string, seen: string): Promise<Cover> => {
  const over = join(await realpath(workingDir), 'workspaces');
  await mkdir(over, { recursive: true });
  await privateDirectory(seen);
  await repositoryIn(seen);
  return { shown: seen, over };
};

/**
 * Makes what OpenCode sees of the mission that works in `directory`. May be repeated. Throws what the file system says.
 */
export const prepareSeen = async (seen: string, directory: string): Promise<void> => {
  const folder = join(seen, basename(directory));
  await mkdir(folder, { recursive: true });
  await repositoryIn(folder);
};

/** Removes what OpenCode sees of a mission; what is not there is removed. Throws what the file system says. */
export const removeSeen = (seen: string, mission: MissionId): Promise<void> =>
  rm(join(seen, `mission-${missionShort(mission)}`), { recursive: true, force: true });

const repositoryIn = async (directory: string): Promise<void> => {
  const isThere = await stat(join(directory, '.git')).then(
    () => true,
    () => false, // Whatever keeps us from seeing it shows when it is made.
  );
  if (isThere) return;
  await initRepository(directory).catch((error: unknown) => {
    const isMadeByNow = error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY';
    if (!isMadeByNow) throw error;
  });
};
