/** An owner's place on this machine: what it is made of, and its start. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { type Child, startChild } from '../process/child.ts';
import { privateDirectory } from '../process/private-file.ts';
import type { LinuxUser, WardenConfig } from './config.ts';
import type { Groups } from './groups.ts';
import { placeScript } from './script.ts';
import { seenIn } from './seen.ts';

/** The user of an owner with this number: the one that AGENT_USER names, or one that is known in its place alone. */
export const userOf = ({ user }: WardenConfig, number: number): LinuxUser => {
  if (user) return user.home === '/' ? { ...user, home: `/home/${user.name}` } : user;
  const name = `agent-${number}`;
  return { name, uid: number, gid: number, home: `/home/${name}` };
};

/**
 * Starts the place of the owner with this number: `connection` becomes its actor's input and output, `life` what it
 * ends with, and both are closed here. Resolves once its process runs, which says on `connection` when the place
 * stands.
 */
export const startPlace = async (
  config: WardenConfig,
  number: number,
  groups: Groups,
  { connection, life }: { connection: Socket; life: Socket },
): Promise<Child> => {
  const user = userOf(config, number);
  const own = join(config.places, String(number));
  const [words, inGroups] = await Promise.all([seenBy(config, user, own), groups.make(String(number))]);
  const root = join(config.directory, 'root');
  await mkdir(root, { recursive: true });
  const access = config.user ? 'rw' : 'ro';
  const child = startChild({
    command: [
      ...outside,
      placeScript,
      'place',
      root,
      inGroups.join(':'),
      access,
      ...words,
      'run',
      ...asUser(config, user),
    ],
    env: { ...process.env, HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: '/bin/bash' },
    cwd: '/',
    output: { sockets: [connection, life] },
    session: 'own',
    tie: null, // It goes on without us: the hands have its life.
  });
  // In the same instant, so that nothing that is said to the actor is read here.
  connection.destroy();
  life.destroy();
  return child;
};

/** Signals to everybody of a terminal or unit end no place; the number of the process that holds it, it says itself. */
const outside = [
  ...['/bin/sh', '-c', 'trap "" HUP INT TERM; PLACE_PID=$$ exec "$@"', 'place'],
  ...['unshare', '--mount', '--propagation', 'slave', '--pid', '--ipc', '--fork', '--kill-child=KILL', '--'],
  ...['/bin/sh', '-c'],
];

/**
 * The actor's command line as the user: no capability, none to be had again, no set-uid program. No core dumps: of 0
 * bytes the kernel would still give one to a program of the machine's that is set to take them, of 1 byte it does not.
 */
const asUser = ({ actor, maxTasks, user: named }: WardenConfig, { uid, gid }: LinuxUser): string[] => [
  ...['unshare', '--cgroup', '--', 'prlimit', `--nproc=${maxTasks}:${maxTasks}`, '--core=1:1', '--'],
  ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, named ? '--init-groups' : '--clear-groups'],
  ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'],
  ...actor,
];

/** Makes what the place is made of. May be repeated. */
const seenBy = async (config: WardenConfig, user: LinuxUser, own: string): Promise<string[]> => {
  const { directory, workingDir, programs, hidden } = config;
  await privateDirectory(config.places);
  const [home, tmp, varTmp] = ['home', 'tmp', 'var-tmp'].map((name) => join(own, name));
  if (!home || !tmp || !varTmp) throw new Error('a place has no directories');
  for (const path of [own, tmp, varTmp]) await mkdir(path, { recursive: true });
  for (const path of [tmp, varTmp]) await chmod(path, 0o1777); // As it is on any machine; nobody else sees it.
  const machines = config.user && existsSync(user.home) ? user.home : null;
  if (machines === null) {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chown(home, user.uid, user.gid);
  }
  return seenIn({
    user,
    home: machines ?? home,
    tmp,
    varTmp,
    names: config.user ? null : await namesFor(join(directory, 'names'), user),
    workingDir,
    shown: ['workspaces', 'context'].map((name) => join(workingDir, name)),
    programs,
    hidden,
  });
};

/** The machine's passwd and group with a line more, so that programs find who they run as. */
const namesFor = async (directory: string, { name, uid, gid, home }: LinuxUser) => {
  await mkdir(directory, { recursive: true });
  const write = async (file: string, line: string): Promise<string> => {
    const path = join(directory, `${file}-${uid}`);
    const text = await readFile(join('/etc', file), 'utf8');
    await writeFile(path, `${text.replace(/\n*$/, '\n')}${line}\n`);
    return path;
  };
  const [passwd, group] = await Promise.all([
    write('passwd', `${name}:x:${uid}:${gid}:Open Agent:${home}:/bin/bash`),
    write('group', `${name}:x:${gid}:`),
  ]);
  return { passwd, group };
};
