/** `openagent forward`: a port of this machine whose connections go to a port of a workspace. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { portCalls } from '../../shared/calls/ports.ts';
import { connectionChannel } from '../../shared/channels/connections.ts';
import { systemClock } from '../../shared/clock.ts';
import { workspace as workspaceJson } from '../../shared/routes/workspaces.ts';
import { StartError } from '../config/start-error.ts';
import { linkTimes } from '../link/times.ts';
import { carryBothWays } from '../relay/both-ways.ts';
import { ChannelSocket } from '../relay/socket.ts';
import { BadUse } from './bad-use.ts';
import { dataOf, edgeClient } from './edge-api.ts';
import { chosenEdge, type Edge, type EdgeOptions } from './login/edge.ts';
import { processEnds } from './printing/ends.ts';
import { plainLine } from './printing/plain.ts';

export interface ForwardOptions extends EdgeOptions {
  /** The port of this machine; the same as the workspace's if absent. */
  local?: string;
}

/**
 * Listens on this machine's loopback until the process is ended, and says where. Throws BadUse for words that it can't
 * understand, StartError where the workspace, or what should listen in it, is not there, or the local port is taken.
 */
export const forward = async (
  wanted: string,
  portText: string,
  { local, ...options }: ForwardOptions,
  environment: NodeJS.ProcessEnv,
): Promise<void> => {
  const port = portIn(portText);
  const localPort = local === undefined ? port : portIn(local);
  const edge = await chosenEdge(options, environment);
  const { id, name } = await workspaceOf(edge, wanted);
  await requireListening(edge, id, port);
  const ends = processEnds(environment);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    carry(edge, `/api/workspaces/${id}/ports/${port}/connect`, socket).catch((error: unknown) =>
      ends.err(`${plainLine(error instanceof Error ? error.message : String(error))}\n`),
    );
  });
  server.listen(localPort, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const text = `Port ${localPort} of this machine can't be had: ${reason}. Name another one with --local.`;
    throw new StartError(text, { cause });
  }
  const address = server.address();
  const given = typeof address === 'object' && address ? address.port : localPort;
  ends.out(`127.0.0.1:${given} leads to port ${port} of ${plainLine(name)}. Ctrl-C ends it.\n`);
  await once(server, 'close');
};

/** One connection of this machine, to its end. Throws AppError with the cause. */
const carry = ({ url, token }: Edge, path: string, local: Socket): Promise<void> => {
  local.on('error', () => undefined); // Whoever reads from it is told.
  const protocols = token === null ? [] : ['openagent', `jwt.${token}`];
  const address = { url, authorization: null, clock: systemClock, path, protocols };
  return carryBothWays(
    (events) => new ChannelSocket({ address, times: linkTimes }, connectionChannel, events),
    async (body) => {
      pipeline(Readable.from(body, { objectMode: false }), local).catch(() => local.destroy());
      // Its end is not the end of what it is told.
      return { bytes: local.iterator({ destroyOnReturn: false }), close: () => void local.destroy() };
    },
    'client',
  ).catch((error: unknown) => {
    local.destroy();
    throw error;
  });
};

const portIn = (text: string): number => {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new BadUse(`"${text}" is no port: write a number from 1 to 65535`);
};

/** By its id or its name. */
const workspaceOf = async ({ url, token }: Edge, wanted: string): Promise<{ id: string; name: string }> => {
  const known = z.array(workspaceJson.pick({ id: true, name: true }));
  const all = await dataOf(url, known, edgeClient(url, token).GET('/api/workspaces'));
  const one = all.find(({ id }) => id === wanted.toLowerCase()) ?? all.find(({ name }) => name === wanted);
  if (one) return one;
  const names = all.map(({ name }) => plainLine(name)).join(', ');
  throw new StartError(`There is no workspace "${plainLine(wanted)}". There are: ${names || 'none'}.`);
};

/** That nothing listens there yet is said now, rather than at the first connection. */
const requireListening = async ({ url, token }: Edge, id: string, port: number): Promise<void> => {
  const asked = edgeClient(url, token).GET('/api/workspaces/{id}/ports', { params: { path: { id } } });
  const { ports } = await dataOf(url, portCalls.list.reply, asked);
  if (ports.some((each) => each.port === port)) return;
  const others = ports.map((each) => `${each.port} (${plainLine(each.command)})`).join(', ');
  throw new StartError(
    `Nothing that was started in this workspace listens on port ${port}. What does: ${others || 'nothing'}.`,
  );
};
