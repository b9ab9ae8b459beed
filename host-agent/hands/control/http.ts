/** The socket of the host-agent: which missions there are, and what their calls do. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Log } from '../../process/log.ts';
import type { Actors } from '../actor/actors.ts';
import type { Places } from '../actor/places.ts';
import type { Borders } from '../borders.ts';
import type { Calls } from '../calls.ts';
import type { Live } from '../live.ts';
import { type HandsMission, handsMission, type Missions } from '../missions.ts';
import type { PlaceRoom } from '../place-room.ts';
import type { McpServers } from '../proxied/servers.ts';
import { snapshotWish, type VerbAnswer } from '../snapshots/words.ts';
import type { HandsHealth } from '../told.ts';
import { answerFiles } from './files.ts';
import { follow } from './follow.ts';

export interface ControlParts {
  missions: Missions;
  places: Places;
  actors: Actors;
  calls: Calls;
  borders: Borders;
  servers: McpServers;
  live: Live;
  room: Pick<PlaceRoom, 'allow'>;
  version: string;
  /** This life of the hands. */
  run: string;
  log: Log;
}

/** A mission's name, directory and owner are short. */
const maxBodyBytes = 64 * 1024;
/** Of an undo, which names files. */
const maxWishBytes = 8 * 1024 * 1024;

const owned = handsMission.omit({ mission: true });
const afterNumber = z.coerce.number().int().nonnegative();

/**
 * `GET /health`, `PUT /missions/<id>`, `DELETE /missions/<id>`, `POST /missions/<id>/cancel`, `POST
 * /missions/<id>/end`, `POST /missions/<id>/snapshots`, `GET /events?after=<number>`: JSON, the last one a line each.
 * `POST /files`: a line of JSON and bytes, both ways.
 */
export const controlHttp = (parts: ControlParts): Server =>
  // A file of a person takes as long as their network does; Node would cut it after five minutes.
  createServer({ requestTimeout: 0 }, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.log.error('control.failed', { url: request.url, error });
      if (response.headersSent) response.destroy();
      else reply(response, 500, { error: error instanceof Error ? error.message : String(error) });
    });
  });

const answer = async (parts: ControlParts, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { calls, servers, missions, places, actors, borders, room, version } = parts;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://hands');
  const [, first, id = '', verb = ''] = pathname.split('/').map(decodeURIComponent);
  const route = `${request.method} ${first}${id === '' ? '' : '/:id'}${verb === '' ? '' : `/${verb}`}`;
  switch (route) {
    case 'GET health': {
      const health: HandsHealth = {
        version,
        pid: process.pid,
        missions: missions.count(),
        calls: calls.count() + servers.count(),
        actors: actors.count(),
        mcp: servers.standing(),
      };
      return reply(response, 200, health);
    }
    case 'POST files':
      return answerFiles(actors, places, request, response);
    case 'GET events': {
      const after = afterNumber.safeParse(searchParams.get('after') ?? 0);
      if (!after.success) return reply(response, 400, { error: '"after" is the number of an event' });
      return follow(response, parts, searchParams.get('run') === parts.run ? after.data : 0);
    }
    case 'PUT missions/:id': {
      const mission = handsMission.safeParse({ ...owned.safeParse(await bodyOf(request)).data, mission: id });
      if (!mission.success) return reply(response, 400, { error: z.prettifyError(mission.error) });
      // Each time: the directory may have been made anew.
      await places.give(mission.data);
      missions.add(mission.data);
      if (mission.data.placeBytes !== undefined) room.allow(places.of(mission.data.owner), mission.data.placeBytes);
      actors.warm(places.of(mission.data.owner)); // A turn is about to begin, whose prompt has the project's rules.
      return reply(response, 200, {});
    }
    case 'DELETE missions/:id': {
      const cancelled = endAll(parts, missions.get(id), id);
      const mission = missions.remove(id);
      if (!mission) return reply(response, 200, { cancelled });
      void borders.ask(mission, { verb: 'drop' }); // It is told in the log where that fails.
      return reply(response, 200, { cancelled });
    }
    case 'POST missions/:id/end':
      return reply(response, 200, { cancelled: endAll(parts, missions.get(id), id) });
    case 'POST missions/:id/cancel':
      return reply(response, 200, { cancelled: calls.cancel(id) + servers.cancel(id) });
    case 'POST missions/:id/snapshots': {
      const mission = missions.get(id);
      if (!mission) return reply(response, 404, { error: `There is no mission ${id} here` });
      const wish = snapshotWish.safeParse(await bodyOf(request, maxWishBytes));
      if (!wish.success) return reply(response, 400, { error: z.prettifyError(wish.error) });
      const owner = searchParams.get('owner') ?? mission.owner;
      const answer = owner === mission.owner ? borders.ask(mission, wish.data) : notTheirs(id);
      return reply(response, 200, await answer);
    }
    default:
      return reply(response, 404, { error: `There is no ${route} here` });
  }
};

/** Cancels a mission's calls, and ends what it runs besides; out: how many calls ran. */
const endAll = (
  { calls, servers, actors, places }: ControlParts,
  mission: HandsMission | undefined,
  id: string,
): number => {
  const cancelled = calls.cancel(id) + servers.cancel(id);
  if (mission) {
    actors.forget(places.of(mission.owner), mission.directory);
    servers.forget(mission.directory);
  }
  return cancelled;
};

const notTheirs = (id: string): VerbAnswer => ({ ok: false, code: 'not_found', text: `Mission ${id} not found` });

const reply = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** Undefined when it is no JSON, or too large. */
const bodyOf = async (request: IncomingMessage, maxBytes = maxBodyBytes): Promise<unknown> => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    pieces.push(z.instanceof(Buffer).parse(piece));
    bytes += pieces.at(-1)?.length ?? 0;
    if (bytes > maxBytes) return undefined;
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    return undefined; // What is missing is said by its schema.
  }
};
