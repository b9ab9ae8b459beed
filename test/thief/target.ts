// What there is to steal: a system with an admin, another user at work, and secrets that nobody else on earth has.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { isAlive, type ProcessIdentity } from '../../host-agent/process/identity.ts';
import { announcedOpenCode } from '../support/lab.ts';
import { processTree } from '../support/launched.ts';
import { logIn, type Person, personAt } from '../support/person.ts';
import { processesWith, uniqueSeconds } from '../support/processes.ts';
import { answered, type Stack, startStack } from '../support/stack.ts';
import { filesBelow } from './loot.ts';

const canary = (name: string): string => `canary-${name}-${randomUUID()}`;

const hostFile = z.object({ id: z.string(), credential: z.string() });
const edgeConfig = z.object({ vars: z.object({ INTERNAL_TOKEN: z.string() }) });
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export type Target = Awaited<ReturnType<typeof startTarget>>;

/**
 * Starts the system with what can be stolen from it. `environment` adds to the launcher's. `close` ends and removes
 * all of it.
 */
export const startTarget = async (environment: Record<string, string> = {}) => {
  const passwords = { ada: canary('ada'), bob: canary('bob'), mallory: 'password of mallory' };
  const users = Object.entries(passwords).map(([username, password]) => ({
    username,
    password,
    ...(username === 'ada' ? { admin: true } : {}),
  }));
  const planted = {
    'key of the provider': canary('provider'),
    'key that signs logins': canary('jwt'),
    'key in the environment': canary('environment'),
    'file of another user': canary('bobs-file'),
    'file of root': canary('root'),
    'password of the admin': passwords.ada,
  };
  const stack = await startStack(
    {
      OPEN_AGENT_USERS: JSON.stringify(users),
      // What is deleted is over at once.
      TRASH_DAYS: '0',
      JWT_SECRET: planted['key that signs logins'],
      ANTHROPIC_API_KEY: planted['key in the environment'],
      ...environment,
    },
    planted['key of the provider'],
  );
  try {
    return await furnish(stack, passwords, planted);
  } catch (error) {
    await stack.close();
    throw error;
  }
};

/** Puts people, their files and their logins into a system that runs. */
const furnish = async (stack: Stack, passwords: Record<string, string>, planted: Record<string, string>) => {
  // One after the other: the edge checks few passwords at once.
  const logins: Record<string, Record<string, string>> = {};
  for (const [username, password] of Object.entries(passwords)) {
    logins[username] = await logIn(stack.url(), { username, password });
  }
  const tokenOf = (name: string): string => logins[name]?.authorization?.replace('Bearer ', '') ?? '';
  const [bob, mallory] = ['bob', 'mallory'].map((name) => personAt(stack.url, logins[name] ?? {}));
  if (!bob || !mallory) throw new Error('nobody has logged in');
  const state = join(stack.workingDir, '.openagent');

  // As in the home of root: a directory that only root may open.
  const rootHome = join(stack.workingDir, 'root-home');
  mkdirSync(rootHome, { mode: 0o700 });
  writeFileSync(join(rootHome, 'secret.txt'), planted['file of root'] ?? '', { mode: 0o600 });

  const victim = await otherUserAtWork(stack, bob, planted['file of another user'] ?? '');
  const host = hostFile.parse(readJson(join(state, 'host.json')));
  const openCode = announcedOpenCode(join(state, 'opencode', 'server.json'));
  const { INTERNAL_TOKEN: internalToken } = edgeConfig.parse(readJson(join(state, 'edge', 'wrangler.jsonc'))).vars;
  const secrets: Record<string, string> = {
    ...planted,
    'login of the admin': tokenOf('ada'),
    'password of OpenCode': openCode.password,
    'credential of the server': host.credential,
    'internal token of the edge': internalToken,
  };
  writeFileSync(join(rootHome, 'login.json'), secrets['login of the admin'] ?? '', { mode: 0o600 });

  return {
    stack,
    bob,
    mallory,
    /** What is not the thief's, by what people call it. */
    secrets,
    state,
    rootHome,
    victim,
    host: host.id,
    openCode: openCode.url,
    /** A login of the thief itself, of which it knows what stands in it. */
    claims: claimsOf(tokenOf('mallory')),
    /** All processes of the system. */
    processes: (): number[] => processTree(stack.launched().pid).map(({ pid }) => pid),
    /** How all is that is not the thief's, to be compared with how it is later. */
    intact: (): Intact => ({ roles: stack.launched().processes(), files: contentsOf([rootHome, victim.directory]) }),
    /** What was done to others since, one text each. */
    harm: ({ roles, files }: Intact): string[] => {
      const now = contentsOf([rootHome, victim.directory]);
      return [
        ...Object.entries(roles).flatMap(([role, one]) => (isAlive(one) ? [] : [`harm: ${role} was ended`])),
        ...(processesWith(victim.seconds).length > 0 ? [] : ['harm: a program of another user was ended']),
        ...Object.keys({ ...files, ...now })
          .filter((path) => files[path] !== now[path])
          .map((path) => `harm: ${path} was ${now[path] === undefined ? 'removed' : 'changed or made'}`),
      ];
    },
    close: stack.close,
  };
};

interface Intact {
  roles: Record<string, ProcessIdentity>;
  files: Record<string, string>;
}

/** The content of every file in these directories, by path. */
const contentsOf = (directories: string[]): Record<string, string> =>
  Object.fromEntries(directories.flatMap(filesBelow).map((path) => [path, readFileSync(path, 'latin1')]));

/** Bob's agent has written a file and left a program running: the thief would like both. */
const otherUserAtWork = async (stack: Stack, bob: Person, secret: string) => {
  const stream = await bob.stream();
  const seconds = uniqueSeconds();
  const write = { filePath: 'secret.txt', content: secret };
  const run = { command: `sleep ${seconds}`, description: 'Sleeps', background: true };
  const lines = [`TOOL write ${JSON.stringify(write)}`, `TOOL bash ${JSON.stringify(run)}`, 'SAY It runs.'];
  const { mission } = await bob.say(lines.join('\n'));
  await stream.until(answered(mission));
  stream.close();
  const directory = stack.missionDirectory(mission);
  return { mission, directory, file: join(directory, 'secret.txt'), seconds };
};

const claimsOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** What of the machine and the system may not be written to by anybody's agent. */
const notForAgents = [
  '/', '/etc', '/etc/cron.d', '/etc/profile.d', '/etc/passwd', '/etc/sudoers.d', '/etc/systemd/system', '/root', '/home',
  '/usr/bin', '/usr/local/bin', '/usr/lib', '/lib', '/opt', '/run', '/var/spool/cron', '/var/spool/cron/crontabs', '/var/lib',
]; // biome-ignore format: one list

const program = join(import.meta.dirname, 'program');
const sources = readdirSync(program);

/** What the thief is told: all paths and names, since the sources are everybody's, and no secret but backwards. */
export const planFor = (target: Target, directory: string, sleeps: Record<string, string> = {}) => {
  const { stack, state, rootHome, victim, secrets } = target;
  const inState = (name: string) => join(state, name);
  const root = join(import.meta.dirname, '..', '..');
  return {
    directory,
    secrets: Object.entries(secrets).map(([name, value]) => ({ name, backwards: [...value].reverse().join('') })),
    secretFiles: [
      join(rootHome, 'secret.txt'),
      join(rootHome, 'login.json'),
      victim.file,
      ...['secrets.json', 'host.json', 'edge/wrangler.jsonc', 'opencode/server.json', 'host-agent.sqlite'].map(inState),
      ...['opencode/provider-keys/lab', 'opencode/given-config/opencode.json', 'hands/missions.ndjson'].map(inState),
      ...['opencode/data/opencode/auth.json', 'logs/host-agent.log', 'logs/opencode.log'].map(inState),
    ],
    places: [stack.workingDir],
    above: [join(stack.workingDir, 'workspaces'), stack.workingDir, '/'],
    unwritable: [
      ...notForAgents,
      ...[state, rootHome, victim.directory, victim.file, join(rootHome, 'secret.txt')],
      ...[stack.workingDir, join(stack.workingDir, 'workspaces'), inState('opencode'), inState('secrets.json')],
      ...[process.execPath, dirname(process.execPath), join(root, 'dist'), join(root, 'dist', 'openagent.js')],
    ],
    processes: target.processes(),
    victims: target.processes(),
    sockets: socketsBelow(state),
    openCode: target.openCode,
    edge: stack.url(),
    debuggers: otherPorts(target),
    host: target.host,
    claims: target.claims,
    setUid: [],
    cgroups: [],
    sleeps,
    machine: readlinkSync('/proc/self/ns/pid'),
  };
};
export type Plan = ReturnType<typeof planFor>;

/** The thief's program, by names below a mission. */
export const thiefFiles = (plan: object): Record<string, string> => ({
  ...Object.fromEntries(sources.map((name) => [`thief/${name}`, readFileSync(join(program, name), 'utf8')])),
  'thief/plan.json': JSON.stringify(plan),
});

const socketsBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isSocket())
    .map((entry) => join(entry.parentPath, entry.name));

/** Ports on which the system listens beside those two that everybody knows. */
const otherPorts = ({ processes, stack, openCode }: Target): number[] => {
  const sockets = new Set(processes().flatMap((pid) => descriptorsOf(pid)));
  const known = [stack.url(), openCode].map((url) => Number(new URL(url).port));
  return ['tcp', 'tcp6']
    .flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1))
    .flatMap((line) => {
      const [, local = '', , connection, , , , , , inode] = line.trim().split(/\s+/);
      const isOurs = connection === listening && sockets.has(`socket:[${inode}]`);
      return isOurs ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
    })
    .filter((port) => !known.includes(port));
};
const listening = '0A';

const descriptorsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // It ended while we looked.
  }
};
