/**
 * Where a model's path leads, and what has to be allowed before something is done there. Looking tells what *would* be
 * touched; what is done afterwards goes by descriptors that are compared with it (held.ts), so that a link which is
 * swapped in between leads nowhere.
 */
import { lstatSync, realpathSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { uuid } from '../../../shared/ids.ts';
import type { Ask } from '../call/outcome.ts';
import { codeOf, Refused } from '../call/refused.ts';
import type { Situation } from '../call/tool.ts';

export interface Place {
  /** Absolute, as the model wrote it. */
  shown: string;
  /** Without symlinks, in the part that exists. */
  real: string;
  /** For titles and views: from the mission's directory where it is inside, else absolute. */
  title: string;
  isInside: boolean;
  /** What OpenCode's rules for paths are matched with: from the worktree, as it was written and as it is. */
  patterns: string[];
}

/** Linux's own limit. */
const maxPathBytes = 4095;

/** Throws `Refused` for a text that is no path, and what the file system says. */
export const locate = async ({ directory }: Pick<Situation, 'directory'>, given: string): Promise<Place> => {
  if (given === '' || given.includes('\0') || Buffer.byteLength(given) > maxPathBytes)
    throw new Refused('This is no path: it is empty, too long or has characters that no file name has.');
  // Without waiting, as for the worktree: the kernel knows the mission's directory, and each wait costs a call as much
  // as all of these looks.
  const base = realpathSync.native(directory);
  const shown = resolve(directory, given);
  const real = await realExisting(shown);
  const worktree = worktreeOf(base);
  // The mission's directory may be reached through a link itself, which is nothing that the path says.
  const written = isInside(directory, shown) ? join(base, relative(directory, shown)) : shown;
  const ofContext = inContext(base, real);
  return {
    shown,
    real,
    title: isInside(base, real) ? relative(base, real) || '.' : (ofContext ?? real),
    isInside: isInside(base, real) || ofContext !== null,
    patterns: [...new Set([written, real].map((path) => relative(worktree, path) || '.'))],
  };
};

/**
 * The files given to a mission are its own, though `context` in its directory is a link to them (contract §8.1): the
 * path from there. Null for any other place; by its name, since an agent can let that link lead anywhere.
 */
const inContext = (base: string, real: string): string | null => {
  const [, root, short] = /^(.*)\/workspaces\/mission-([0-9a-f]{8})$/.exec(base) ?? [];
  if (root === undefined || short === undefined || !isInside(`${root}/context`, real)) return null;
  const [mission = '', ...rest] = relative(`${root}/context`, real).split(sep);
  return uuid.safeParse(mission).success && mission.startsWith(short) ? join('context', ...rest) : null;
};

/** True for the directory itself and what is below it; both paths absolute. */
export const isInside = (base: string, path: string): boolean => {
  const way = relative(base, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
};

/** Resolves the part of a path that exists. Throws `Refused` for a link that leads to nothing. */
const realExisting = async (path: string): Promise<string> => {
  try {
    return await realpath(path);
  } catch (error) {
    const code = codeOf(error);
    const parent = dirname(path);
    if (code === 'ELOOP') throw new Refused(`${path} is a link that leads to itself.`);
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || parent === path) throw error;
    if ((await lstat(path).catch(() => null))?.isSymbolicLink())
      throw new Refused(
        `${path} is a link to something that does not exist. Name the file that you mean, or remove it.`,
      );
    return join(await realExisting(parent), relative(parent, path));
  }
};

/** The directory that has the `.git` of `directory`; the root for one without (opencode §8.3). */
const worktreeOf = (directory: string): string => {
  for (let at = directory; at !== '/'; at = dirname(at)) if (isThere(join(at, '.git'))) return at;
  return '/';
};

const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // Not to be looked at, so of no use as a worktree either.
  }
};

/** What has to be allowed for a place outside of the mission's directory; nothing for one inside. */
export const outsideAsks = ({ real, isInside }: Place, kind: 'file' | 'directory'): Ask[] => {
  if (isInside) return [];
  const parentDir = kind === 'directory' ? real : dirname(real);
  const pattern = join(parentDir, '*');
  return [
    {
      permission: 'external_directory',
      patterns: [pattern],
      always: [pattern],
      metadata: { filepath: real, parentDir },
    },
  ];
};

/** Under which name a tool asks for what it reads or changes: an alias asks under its own alone (contract §8.10). */
export interface AsksAs {
  permission: Ask['permission'];
  isAlias: boolean;
}

/** What has to be allowed for a call that touches `places`. */
export const asksFor = (
  { permission, isAlias }: AsksAs,
  places: readonly { place: Place; kind: 'file' | 'directory' }[],
  metadata: Ask['metadata'],
): Ask[] => [
  ...(isAlias ? [] : places.flatMap(({ place, kind }) => outsideAsks(place, kind))),
  {
    permission,
    patterns: [...new Set(places.flatMap(({ place }) => place.patterns))],
    always: ['*'],
    metadata,
  },
];
