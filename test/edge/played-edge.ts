// What a stream needs of the edge, played: an account that says what the test wants, and objects that it makes.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import type { ViewerHeader } from '../../shared/viewer.ts';
import type { Holding } from '../../worker/account/hold.ts';
import type { Positions } from '../../worker/account/positions.ts';
import type { AccountServer } from '../../worker/account/servers.ts';
import { Bridge, type StreamOptions } from '../../worker/stream/bridge.ts';
import type { StreamEdge } from '../../worker/stream/edge.ts';
import { Room } from '../../worker/stream/room.ts';
import { readStream, type StreamReader } from './stream-reader.ts';

/** A server's object: answers a viewer's dial, or throws as one does that can't start. */
export type PlayedObject = (query: URLSearchParams) => Promise<Response> | Response;

export interface PlayedEdge {
  edge: StreamEdge;
  /** Says which servers there are now. */
  tell(servers: readonly Partial<AccountServer>[]): void;
  /** What the account keeps, by handle. */
  kept: Map<string, Positions>;
  /** How often the account was asked to keep something. */
  asked: () => number;
  /** While true the account answers nothing. */
  account: { isAway: boolean };
  open(options?: Partial<StreamOptions>): StreamReader;
}

export const playedEdge = (clock: Clock, objects: Record<string, PlayedObject>): PlayedEdge => {
  const holdings = new Set<Holding>();
  const kept = new Map<string, Positions>();
  const account = { isAway: false };
  let servers: AccountServer[] = [];
  let asked = 0;
  const refuse = () => {
    if (account.isAway) throw new Error('the account is away');
  };
  const edge: StreamEdge = {
    clock,
    object: (host) => ({
      fetch: async (url) => {
        const play = objects[host];
        if (!play) throw new Error(`no object ${host}`);
        return play(new URL(String(url)).searchParams);
      },
    }),
    most: async () => 200,
    rooms: { shown: new Room(2), waiting: new Room(1) },
    hold: (holding) => {
      holdings.add(holding);
      if (servers.length > 0) queueMicrotask(() => holding.servers?.(servers));
      return { beat: () => undefined, close: () => holdings.delete(holding) };
    },
    keep: async (positions) => {
      asked += 1;
      refuse();
      const handle = randomUUID().slice(0, 12);
      kept.set(handle, positions);
      return handle;
    },
    kept: async (handle) => {
      refuse();
      return kept.get(handle) ?? null;
    },
  };
  return {
    edge,
    kept,
    asked: () => asked,
    account,
    tell: (said) => {
      servers = said.map(({ host = 'one', ...more }) => ({
        host,
        live: false,
        removed: false,
        log: 'l',
        since: 'start',
        holds: true,
        news: '',
        ...more,
      }));
      for (const holding of holdings) holding.servers?.(servers);
    },
    open: (options) => {
      const all: StreamOptions = { owner: 'ada', isAdmin: false, rendering: 'default', only: null, after: null };
      return readStream(new Response(new Bridge(edge, { ...all, ...options }).open()));
    },
  };
};

/** The first line of a frame. */
export const headerOf = (given: Partial<ViewerHeader> = {}): string =>
  JSON.stringify({ cursor: 'l.s.1', mode: 'live', reset: false, changed: [], running: [], errors: [], ...given });

/** A socket whose far end is the object's: what it sends comes to the stream. */
export const accepted = (...frames: (string | ArrayBuffer)[]): { response: Response; object: WebSocket } => {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  for (const frame of frames) server.send(frame);
  return { response: new Response(null, { status: 101, webSocket: client }), object: server };
};
