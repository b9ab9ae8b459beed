import * as z from 'zod';
import { ticket } from '../channels/channel.ts';
import { call } from './call.ts';

export const portNumber = z.number().int().min(1).max(65_535);

/** One place where a server that was started in a workspace waits for connections. */
export const listeningPort = z
  .object({
    port: portNumber,
    /** The address that it listens at; `0.0.0.0` and `::` are all of them. */
    address: z.string().max(100),
    /** The process and its program, as they are called inside. */
    pid: z.number().int().positive(),
    command: z.string().max(200),
  })
  .meta({ id: 'ListeningPort' });

export const portCalls = {
  /** What the asker's own agents and commands listen on in a server's host workspace. */
  list: call({
    method: 'ports.list',
    does: 'read',
    on: 'workspace',
    who: 'resident',
    args: z.object({}),
    reply: z.object({ ports: z.array(listeningPort).max(1_000) }),
  }),
  /** Connects to one of these ports, and carries its bytes over a channel of the relay. */
  connect: call({
    method: 'ports.connect',
    does: 'change',
    on: 'workspace',
    who: 'resident',
    args: z.object({ port: portNumber, transfer: ticket }),
    reply: z.object({}),
  }),
};
