/**
 * The warden: the one process that makes places and gives missions to their owners (architecture §12). It is root, has
 * no network socket, and reads nothing that an agent wrote.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Clock, wait } from '../../shared/clock.ts';
import { assertNever } from '../../shared/errors.ts';
import { describeExit } from '../process/child.ts';
import { createLog, type Log } from '../process/log.ts';
import { privateDirectory } from '../process/private-file.ts';
import { listenPrivately } from '../process/private-socket.ts';
import type { WardenConfig } from './config.ts';
import { createFirewall, type Firewall } from './firewall.ts';
import { closeDirectories, give } from './give.ts';
import { type Groups, groupsIn, groupTrees, mostOf } from './groups.ts';
import { measure } from './measure.ts';
import { oneLine } from './one-line.ts';
import { startPlace, userOf } from './place.ts';
import { type Answer, type Request, request, wardenSocket } from './requests.ts';
import { agentNumbers, openUsers, type Users } from './users.ts';

/** Nobody waits for a warden that stops; one that is killed leaves its groups to the next. */
const placesEndMs = 1_000;

interface Parts {
  config: WardenConfig;
  users: Users;
  groups: Groups;
  firewall: Firewall;
  log: Log;
  /** Lives of places that are to be entered, by what the hands call them. */
  held: Map<string, Socket>;
  /** The place of each owner that was started here. */
  running: Map<number, Promise<unknown>>;
}

/**
 * Runs until `stop` aborts. Places that were entered go on: the hands have their lives. Rejects when it can't listen.
 */
export const runWarden = async (given: WardenConfig, clock: Clock, stop: AbortSignal): Promise<void> => {
  const log = createLog();
  const config = { ...given, workingDir: await realpath(given.workingDir) };
  await privateDirectory(config.directory);
  await closeDirectories(config.workingDir);
  const users = await openUsers(join(config.directory, 'users.json'));
  const ourName = `open-agent-${createHash('sha256').update(config.directory).digest('hex').slice(0, 8)}`;
  const groups = await groupsIn(await groupTrees(), ourName, mostOf(config.maxTasks));
  const agents = config.user ? String(config.user.uid) : agentNumbers;
  const remembered = join(config.directory, 'closed-port');
  const firewall = createFirewall({
    name: ourName.replaceAll('-', '_'),
    users: agents,
    remembered,
    clock,
  });
  const parts: Parts = { config, users, groups, firewall, log, held: new Map(), running: new Map() };

  const server = createServer((socket) => {
    socket.on('error', () => undefined); // Whoever asked is gone.
    serve(parts, socket).catch((error: unknown) => {
      log.error('warden.refused', { error });
      answer(socket, { error: error instanceof Error ? error.message : String(error) });
      socket.end();
    });
  });
  await listenPrivately(server, wardenSocket(config.directory));
  log.info('warden.started', { bounds: groups.bounds });
  await firewall.again().catch((error: unknown) => log.error('warden.port_open', { error }));
  if (!stop.aborted) await once(stop, 'abort');
  server.close();
  // Where the hands end too, their places do in a moment, and leave groups that nobody else removes.
  await Promise.race([Promise.all(parts.running.values()), wait(clock, placesEndMs)]);
  await groups.end();
  log.info('warden.stopped');
};

const serve = async (parts: Parts, socket: Socket): Promise<void> => {
  const asked: Request = request.parse(JSON.parse(await oneLine(socket)));
  switch (asked.verb) {
    case 'hold': {
      parts.held.set(asked.hold, socket);
      socket.once('close', () => parts.held.delete(asked.hold)).resume();
      return answer(socket, { done: true });
    }
    case 'enter':
      return enter(parts, asked, socket);
    case 'give': {
      const { owner, mission, directory } = asked;
      const number = await parts.users.of(owner);
      const isOthers = (uid: number): boolean => uid !== number && parts.users.ownerOf(uid) !== undefined;
      await give(parts.config.workingDir, { mission, directory, to: userOf(parts.config, number), isOthers });
      answer(socket, { done: true });
      socket.end();
      return;
    }
    case 'measure': {
      answer(socket, { bytes: await measure(parts.config, await parts.users.of(asked.owner)) });
      socket.end();
      return;
    }
    case 'close': {
      await parts.firewall.close(asked.port);
      answer(socket, { done: true });
      socket.end();
      return;
    }
    default:
      return assertNever(asked);
  }
};

const enter = async (
  { config, users, groups, log, held, running }: Parts,
  { owner, hold }: Extract<Request, { verb: 'enter' }>,
  connection: Socket,
): Promise<void> => {
  const number = await users.of(owner);
  await running.get(number); // It is over for whoever comes again, and ends within a moment.
  const life = held.get(hold);
  if (!life) throw new Error('nobody holds the place that is to be entered');
  held.delete(hold);
  const child = await startPlace(config, number, groups, { connection, life });
  log.info('place.started', { owner, number, pid: child.pid });
  const gone = child.exited.then(async (exit) => {
    await groups.remove(String(number));
    if (running.get(number) === gone) running.delete(number);
    log.info('place.ended', { owner, number, pid: child.pid, reason: describeExit(exit) });
  });
  running.set(number, gone);
};

const answer = (socket: Socket, said: Answer): void => {
  if (socket.writable) socket.write(`${JSON.stringify(said)}\n`);
};
