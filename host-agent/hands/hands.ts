/** The hands: the process in which, or below which, everything is done that agents do. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import type { Clock } from '../../shared/clock.ts';
import { type Disk, diskBelow } from '../process/disk.ts';
import { knownSecrets, rememberedSecrets } from '../process/known-secrets.ts';
import { createLog, redactSecrets } from '../process/log.ts';
import { privateDirectory, sharedDirectory } from '../process/private-file.ts';
import { listenPrivately } from '../process/private-socket.ts';
import { redactorOf } from '../process/redact.ts';
import { wardenIn } from '../warden/client.ts';
import { talkTo } from './actor/actor.ts';
import { createActors } from './actor/actors.ts';
import { onePlace } from './actor/places.ts';
import { placesOf } from './actor/places-of-warden.ts';
import { createAsked } from './asked.ts';
import { createBorders } from './borders.ts';
import { createCalls } from './calls.ts';
import { controlHttp } from './control/http.ts';
import { declaredTools } from './declared/all.ts';
import type { Declared } from './declared/declared.ts';
import { declaredProject } from './declared/project.ts';
import { createLive } from './live.ts';
import { remoteServers } from './mcp/remote-servers.ts';
import { openMissions } from './missions.ts';
import { placeRoom } from './place-room.ts';
import { createMcpServers } from './proxied/servers.ts';
import { mcpHttp } from './server/http.ts';
import { handsSockets } from './socket.ts';

/** What the hands are told as their one argument: nothing in it is secret. */
export const handsConfig = z.object({
  /** Theirs: sockets, and which missions there are. */
  directory: z.string(),
  /** Number of the group that may call tools, OpenCode's; null: only the user that we are. */
  callers: z.int().nullable().optional(),
  /** Where secrets of this machine are, which no result may show (process/known-secrets). */
  secretFiles: z.array(z.string()),
  secretFolders: z.array(z.string()),
  /** The command line of an actor. */
  actor: z.array(z.string()).min(1),
  means: z.object({ setpriv: z.boolean(), pidNamespace: z.boolean(), tini: z.string().optional() }),
  /** The warden's directory, where it makes places for agents; null where they act as the user that we are. */
  warden: z.string().nullable(),
});
export type HandsConfig = z.infer<typeof handsConfig>;

/**
 * Runs until `stop` aborts, then ends everything that agents have started. An actor, and so what agents run, gets this
 * process's environment. Rejects when it can't listen.
 */
export const runHands = async (
  config: HandsConfig,
  clock: Clock,
  stop: AbortSignal,
  tools: readonly Declared[] = declaredTools,
): Promise<void> => {
  const { directory, actor, means, callers = null } = config;
  const secrets = rememberedSecrets(knownSecrets(config.secretFiles, config.secretFolders, clock));
  const log = createLog({ clock, redact: redactSecrets(secrets.all) });
  const redactor = redactorOf(secrets.all);
  await (callers === null ? privateDirectory(directory) : sharedDirectory(directory, callers));
  const missions = await openMissions(directory);
  const live = createLive();
  // Node's own requests go by a proxy that the environment names only where this says so; commands do not see it.
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1' };
  const places = config.warden ? placesOf(wardenIn(config.warden, clock)) : onePlace({ command: actor, env, means });
  const actors = createActors({
    start: async (place) => talkTo(await places.start(place), { clock, log }),
    clock,
    log,
  });
  const store = config.warden ? null : join(directory, 'snapshots'); // Of a place: in its home.
  const borders = createBorders({ actors, places, store, redactor, clock, log });
  const disk = (): Promise<Disk> => diskBelow(directory);
  const room = placeRoom({ measure: places.measure, disk, clock, log });
  const asked = createAsked();
  const calls = createCalls({ missions, places, actors, live, asked, borders, room, redactor, clock, log });
  const { version } = manifest;
  const remote = remoteServers(version, clock);
  const { remember } = secrets;
  const servers = createMcpServers({ missions, places, actors, remote, redactor, remember, log });
  const run = randomUUID();
  const sockets = handsSockets(directory);
  const mcp = mcpHttp({ calls, servers, tools, unlisted: declaredProject, version, clock }, log);
  const control = controlHttp({ missions, places, actors, calls, servers, borders, live, room, version, run, log });

  await listenPrivately(mcp, sockets.calls, callers ?? undefined);
  await listenPrivately(control, sockets.control); // The last: who sees it answer may call.
  log.info('hands.started', { version, run, missions: missions.count() });
  if (!stop.aborted) await once(stop, 'abort');
  await Promise.all([mcp, control].map(close)); // First, so that no further call starts an actor.
  await actors.end();
  log.info('hands.stopped');
};

const close = async (server: Server): Promise<void> => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
};
