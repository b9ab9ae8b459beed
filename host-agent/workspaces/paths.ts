import { realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';

/**
 * `name` below the existing directory `root`, as a path without symlinks in its existing part: for paths that are put
 * together from a mission's id. What people send goes through outside.ts (invariant 9). Throws AppError for a path that
 * leads outside, also by a symlink.
 */
export const pathWithin = async (root: string, ...name: string[]): Promise<string> => {
  const base = await realpath(root);
  const wanted = resolve(base, ...name);
  const real = await realExisting(wanted);
  if (!isInside(base, wanted) || !isInside(base, real)) {
    throw new AppError('forbidden', `The path ${name.join('/')} leads outside of ${root}.`);
  }
  return real;
};

/** True for the directory itself and what is below it; both paths absolute and without symlinks. */
export const isInside = (base: string, path: string): boolean => {
  const way = relative(base, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep));
};

/** Resolves the part of a path that exists; what does not exist can be no symlink. */
export const realExisting = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const parent = resolve(path, '..');
    if (!isMissing || parent === path) throw error;
    return join(await realExisting(parent), relative(parent, path));
  }
};

/** Where a mission works in the workspace whose root is `root` (contract §8.1). */
export const missionDirectory = (root: string, mission: MissionId): string =>
  join(root, 'workspaces', `mission-${missionShort(mission)}`);

/** Where files given to a mission are; the agent sees it as `./context`. */
export const contextDirectory = (root: string, mission: MissionId): string => join(root, 'context', mission);
