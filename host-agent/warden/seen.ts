/** What is seen in a place beside the machine's own directories, in the words of its script (script.ts). */
import { realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { closedAbove, isWithin, mayRead, permissions } from '../process/reach.ts';
import type { LinuxUser } from './config.ts';

export interface SeenSpec {
  user: LinuxUser;
  /** What is mounted: the home, what is temporary, and the passwd and group with the user's own line, if it has one. */
  home: string;
  tmp: string;
  varTmp: string;
  names: { passwd: string; group: string } | null;
  workingDir: string;
  /** Directories in the working directory that are seen all the same. */
  shown: readonly string[];
  programs: readonly string[];
  hidden: readonly string[];
}

/** Nothing of the machine is seen there: the script makes them anew. */
const anew = /^\/(dev|home|proc|root|run|sys|tmp|var\/tmp)(\/|$)/;

const readOnly = 'rbind,ro,nosuid,nodev';
const writable = 'rbind,rw,nosuid,nodev';

/** Throws where the user could not read a program. */
export const seenIn = async (spec: SeenSpec): Promise<string[]> => {
  const { user, workingDir } = spec;
  const programs = [...(await pathsOf(spec.programs)), ...(await resolvers())];
  const shown = await pathsOf(spec.shown);
  // The state is in the working directory, which may be a home that is seen (AGENT_USER).
  const closed = isWithin(user.home, workingDir) ? join(workingDir, '.openagent') : workingDir;
  const emptied = new Set<string>(anew.test(closed) && !isWithin(closed, user.home) ? [] : [closed]);
  for (const path of [...programs, ...shown]) {
    const barred = anew.test(path) ? undefined : await closedAbove(path, user);
    if (barred !== undefined) emptied.add(barred);
  }
  const isMade = (path: string): boolean => anew.test(path) || [...emptied].some((each) => isWithin(path, each));
  const words = [
    ...mounted('dir', spec.home, user.home, writable),
    ...mounted('dir', spec.tmp, '/tmp', writable),
    ...((await isDirectory('/var/tmp')) ? mounted('dir', spec.varTmp, '/var/tmp', writable) : []),
    // The outer ones first: what an inner one empties is gone by then.
    ...[...emptied].sort((a, b) => a.length - b.length).flatMap((path) => ['empty', path]),
  ];
  for (const path of programs) {
    const stats = await stat(path);
    if ((permissions(stats, user) & mayRead) === 0) throw new Error(unreadable(path));
    if (isMade(path)) words.push(...mounted(stats.isDirectory() ? 'dir' : 'file', path, path, readOnly));
  }
  for (const path of shown) words.push(...mounted('dir', path, path, writable));
  for (const path of await pathsOf(spec.hidden))
    if (!isMade(path)) words.push(...mounted('file', '/dev/null', path, 'bind'));
  if (spec.names)
    for (const [name, from] of Object.entries(spec.names)) words.push('bind', readOnly, from, join('/etc', name));
  return words;
};

const mounted = (kind: 'dir' | 'file', from: string, to: string, options: string): string[] => [
  ...(kind === 'dir' ? ['dir', to] : ['dir', dirname(to), 'file', to]),
  ...['bind', options, from, to],
];

/** Without links, and without those that are not there. */
const pathsOf = async (paths: readonly string[]): Promise<string[]> => {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => null)));
  return [...new Set(real.filter((path) => path !== null))];
};

/** Where names of the network are looked up: /etc/resolv.conf may be a link to a file of a service in /run. */
const resolvers = async (): Promise<string[]> =>
  (await pathsOf(['/etc/resolv.conf'])).filter((path) => path.startsWith('/run/')).map((path) => dirname(path));

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false, // Not there.
  );

const unreadable = (path: string): string =>
  `${path} can't be read by the Linux users that agents run as. Make it readable to all: chmod -R a+rX ${path}`;
