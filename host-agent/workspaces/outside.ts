/**
 * The one resolver for paths that people send (invariant 9, contract §2.10, §10.5): from their words to a place on this
 * server, and whether this user may reach it. What is opened afterwards is held by descriptor (pinned.ts), so that a
 * path which changes between the look and the deed leads nowhere else.
 */
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { posix } from 'node:path';
import type { FileScope } from '../../shared/calls/files.ts';
import { AppError } from '../../shared/errors.ts';
import { type MissionId, missionShort, uuid } from '../../shared/ids.ts';
import { contextDirectory, isInside, missionDirectory, realExisting } from './paths.ts';

/** The directories that paths from outside may lead to, or may not. */
export interface FileRoots {
  /** Root of the host workspace. */
  workingDir: string;
  /** The state directory with secrets and the store: no path from outside may lead into it. */
  stateDir: string;
  /** Home of the user of a place of its own: all in it is that user's. Absent where the place is the machine itself. */
  home?: string | undefined;
}

export interface Wanted {
  /** Absolute, without `.` and `..`; may lead through symlinks. */
  path: string;
  /** The same in the client's words, absolute: what it will send to go on from there. */
  shown: string;
  /** A place that dashboards offer, so it is made when it is missing. */
  isOffered: boolean;
}

/** Linux's own limit. */
const maxPathBytes = 4095;

/**
 * Where a client's path leads. Throws AppError 400 for a text that is not a path, and for a relative path without a
 * current mission.
 */
export const wantedPath = ({ workingDir, home }: FileRoots, scope: FileScope, given: string): Wanted => {
  if (given.trim() === '' || given.includes('\0') || Buffer.byteLength(given) > maxPathBytes || !given.isWellFormed())
    throw new AppError(
      'bad_request',
      'This is no path: it is empty, too long or has characters that no file name has.',
    );
  const path = trimmed(posix.normalize(given));
  if (home !== undefined && /^~(\/|$)/.test(path)) {
    const full = trimmed(home + path.slice(1));
    return { path: full, shown: full, isOffered: false };
  }
  if (!path.startsWith('/')) return relativePath(workingDir, scope.current, path);
  // What dashboards offer, each user's own where places are apart.
  const shared = /^\/root\/(work|tools)(\/.*)?$/.exec(path);
  if (shared)
    return { path: `${home ?? workingDir}/${shared[1]}${shared[2] ?? ''}`, shown: path, isOffered: !shared[2] };
  const context = /^\/root\/context(?:\/([^/]+))?(\/.*)?$/.exec(path);
  if (context) return contextPath({ workingDir, home }, scope.current, path, context[1], context[2]);
  const ofHome = /^\/root(\/.*)?$/.exec(path);
  if (ofHome && home !== undefined && ![workingDir, home].some((root) => isInside(root, path) || isInside(path, root)))
    return { path: `${home}${ofHome[1] ?? ''}`, shown: path, isOffered: false };
  // Paths as the agent of a container sees them.
  const inside = /^\/workspaces\/mission-[0-9a-f]{8}(\/|$)/.test(path);
  return { path: inside ? `${workingDir}${path}` : path, shown: path, isOffered: false };
};

/**
 * A path below the mission's directory. `context` always means the files given to the mission, even if the agent has
 * put something else in that place.
 */
const relativePath = (workingDir: string, mission: MissionId | null, path: string): Wanted => {
  if (!mission)
    throw new AppError(
      'bad_request',
      'Relative upload path requires an active workspace: open a mission, then try again.',
    );
  const [first, ...rest] = path.split('/');
  const isContext = first === 'context';
  const context = contextDirectory(workingDir, mission);
  const full = isContext ? posix.join(context, ...rest) : posix.join(missionDirectory(workingDir, mission), path);
  return { path: full, shown: full, isOffered: isContext && rest.length === 0 };
};

/** `/root/context` is that of the current mission, `/root/context/<mission id>` that of the one named. */
const contextPath = (
  { workingDir, home }: Pick<FileRoots, 'workingDir' | 'home'>,
  mission: MissionId | null,
  path: string,
  first: string | undefined,
  rest = '',
): Wanted => {
  const isNamed = first !== undefined && uuid.safeParse(first).success;
  const ofNone = `${isNamed ? workingDir : (home ?? workingDir)}/context`;
  const base = isNamed || !mission ? ofNone : contextDirectory(workingDir, mission);
  return { path: `${base}${first ? `/${first}` : ''}${rest}`, shown: path, isOffered: first === undefined };
};

/**
 * Resolves symlinks in the part of the path that exists, and checks that this user may reach it. Throws AppError: 404
 * for another user's mission, 403 for what only admins or nobody may see, and what the file system says.
 */
export const reachable = async (roots: FileRoots, scope: FileScope, wanted: Wanted): Promise<string> => {
  // Before any link is followed: where one in another user's mission leads would tell that it is there.
  checkOwn(scope, missionOf(roots.workingDir, wanted.path), wanted.shown);
  const real = await realExisting(wanted.path);
  await checkReach(roots, scope, real, wanted.shown);
  return real;
};

/** Throws as `reachable` does, for a path that has no symlinks. */
export const checkReach = async (roots: FileRoots, scope: FileScope, real: string, shown: string): Promise<void> => {
  if (roots.home !== undefined && isInside(await realpath(roots.home), real)) return;
  const root = await realpath(roots.workingDir);
  const state = await realExisting(roots.stateDir);
  if (isInside(state, real) || isInside(`${root}/.openagent`, real))
    throw new AppError('forbidden', `${shown} belongs to Open Agent itself: it holds secrets and is shown to nobody.`);
  if (kernel.some((each) => isInside(each, real)))
    throw new AppError('forbidden', `${shown} is no file on a disk: ask the agent to look at it.`);
  const mission = missionOf(root, real);
  checkOwn(scope, mission, shown);
  if (mission === null && !scope.everything)
    throw new AppError('forbidden', `Only an admin may see ${shown}: files of your missions are below ./context.`);
};

/** Throws AppError 404 for another user's mission. */
const checkOwn = ({ missions }: FileScope, mission: string | null, shown: string): void => {
  if (mission === null || missions === null) return;
  if (!missions.some((id) => id === mission || missionShort(id) === mission))
    throw new AppError('not_found', `File not found: ${shown}`);
};

/** Processes' memory and variables, devices that never end. */
const kernel = ['/proc', '/sys', '/dev'];

/** The mission that a path belongs to, by its id or the id's beginning; null for none. */
const missionOf = (root: string, real: string): string | null => {
  const below = (folder: string): string =>
    real.startsWith(`${root}/${folder}/`) ? (real.slice(root.length + folder.length + 2).split('/')[0] ?? '') : '';
  const short = /^mission-([0-9a-f]{8})$/.exec(below('workspaces'))?.[1];
  const id = uuid.safeParse(below('context'));
  return short ?? id.data ?? null;
};

/**
 * Throws AppError 403 for what is never removed from here: anything outside the working directory and a place's own
 * home, where agents have nothing, a person's home, and what holds all missions or Open Agent itself. One wrong path
 * must not cost a machine.
 */
export const checkRemovable = async (
  { workingDir, stateDir, home: ownHome }: FileRoots,
  real: string,
  shown: string,
  home = homedir(),
): Promise<void> => {
  const root = await realpath(workingDir);
  if (ownHome !== undefined && real !== ownHome && isInside(ownHome, real)) return;
  const kept = [`${root}/workspaces`, `${root}/context`, await realExisting(stateDir), await realExisting(home)];
  if (real === root || !isInside(root, real) || kept.some((each) => isInside(real, each)))
    throw new AppError(
      'forbidden',
      `${shown} is not removed from here: too much depends on it. Use a shell on the server.`,
    );
};

const trimmed = (path: string): string => (path.length > 1 ? path.replace(/\/+$/, '') : path);
