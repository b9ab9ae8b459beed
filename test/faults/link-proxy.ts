// Between host-agent and edge: a WebSocket proxy that understands frames and breaks things on demand.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';
import { type Direction, frameOf, openFaults } from './link-faults.ts';
import { Lane } from './link-lane.ts';

export type { Direction, Frame, FramePredicate } from './link-faults.ts';
export type LinkProxy = Awaited<ReturnType<typeof startLinkProxy>>;

interface Connection {
  near: WebSocket;
  far: WebSocket;
  lanes: Lane[];
  /** Nothing of it moves any more, and neither end learns why. */
  isDead: boolean;
}

/**
 * Starts the proxy before the edge that `target` names at each dial. The host-agent dials `url`.
 * Frames keep their order in each direction whatever is done to them; a cut loses what is on its way.
 */
export const startLinkProxy = async (target: () => string) => {
  const faults = openFaults();
  const connections = new Set<Connection>();
  let isRefusing = false;

  const server = createServer((_request, response) => {
    response.writeHead(404).end('only the link passes here');
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 0 });
  server.on('upgrade', (request, socket, head) => {
    if (isRefusing) {
      faults.counts.refused++;
      socket.destroy();
      return;
    }
    dial(request, socket, head);
  });

  const dial = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const far = new WebSocket(`${target().replace(/^http/, 'ws')}${request.url}`, {
      headers: { authorization: request.headers.authorization ?? '' },
      perMessageDeflate: false,
      maxPayload: 0,
    });
    socket.on('error', () => far.terminate()); // The host-agent gave up while we dialled.
    // The edge is away: the host-agent meets a closed door, as without a proxy.
    far.on('error', () => socket.destroy());
    far.once('unexpected-response', (_, response) => {
      response.resume();
      socket.end(`HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\ncontent-length: 0\r\n\r\n`);
    });
    far.once('open', () => sockets.handleUpgrade(request, socket, head, (near) => join(near, far)));
  };

  const join = (near: WebSocket, far: WebSocket): void => {
    const connection: Connection = { near, far, lanes: [], isDead: false };
    connections.add(connection);
    const directions: [Direction, WebSocket, WebSocket][] = [
      ['to-edge', near, far],
      ['to-host', far, near],
    ];
    for (const [direction, from, to] of directions) {
      const lane = new Lane(faults, direction, to, () => connection.isDead);
      connection.lanes.push(lane);
      from.on('message', (data, isBinary) => lane.take(frameOf(data, isBinary)));
      from.on('error', () => from.terminate()); // 'close' follows and tells the other end.
      from.on('close', (code, reason) => {
        if (connection.isDead) return;
        if (from.readyState === WebSocket.CLOSED && to.readyState === WebSocket.CLOSED) connections.delete(connection);
        lane.close(code, reason.toString());
      });
    }
  };

  const destroy = (connection: Connection): void => {
    connections.delete(connection);
    connection.isDead = true;
    for (const lane of connection.lanes) lane.clear();
    connection.near.terminate();
    connection.far.terminate();
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the link proxy has no TCP port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    /** How often each fault was done. */
    counts: faults.counts,
    /** Connections with both ends open, dead ones not counted. */
    connections: (): number => [...connections].filter(({ isDead }) => !isDead).length,
    /** Ends every connection on both sides without a word; what was on its way is lost. */
    cut: (): void => {
      for (const connection of connections) if (!connection.isDead) faults.counts.cut++;
      for (const connection of connections) destroy(connection);
    },
    /** True: new dials meet a closed door, as when the edge is down. Open connections stay. */
    refuse: (refusing: boolean): void => {
      isRefusing = refusing;
    },
    /** Swallows every byte of the open connections, both ways, closes too; new dials pass. */
    halfOpen: (): void => {
      for (const connection of connections) {
        if (connection.isDead) continue;
        connection.isDead = true;
        faults.counts.halfOpened++;
      }
    },
    /** Every frame takes `ms` longer from now on; 0 ends it. */
    delay: faults.delay,
    /** From the first frame that matches on, its direction stands still, until `release` or a cut. */
    hold: faults.hold,
    release: (): void => {
      faults.release();
      for (const { lanes } of connections) for (const lane of lanes) lane.flow();
    },
    /** Frames that match vanish; the result ends it. */
    drop: faults.drop,
    /** Frames that match pass twice; the result ends it. */
    duplicate: faults.duplicate,
    /** No fault from now on: releases, and ends delays, drops, duplicates and refusals. */
    heal(): void {
      isRefusing = false;
      faults.heal();
      for (const { lanes } of connections) for (const lane of lanes) lane.flow();
    },
    /** The next frame that matches and was passed on. */
    passed: faults.passed,
    /** The next frame that matches and was held. */
    held: faults.held,
    async close(): Promise<void> {
      for (const connection of connections) destroy(connection);
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
