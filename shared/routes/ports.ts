/** What listens in a workspace, and the way to it (contract §17). */
import * as z from 'zod';
import { portCalls } from '../calls/ports.ts';
import { anyUuid, uuid } from '../ids.ts';
import { json, route } from './route.ts';
import { idInPath } from './scalars.ts';

const errors = { 404: 'No such workspace' };

const portInPath = z.object({
  id: anyUuid('the id in the path must be a UUID').pipe(uuid).meta({ format: 'uuid' }),
  port: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'the port in the path must be a number from 1 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'the port in the path must be a number from 1 to 65535'),
});

export const portRoutes = {
  list: route({
    method: 'GET',
    path: '/api/workspaces/:id/ports',
    summary: 'What your agents and commands listen on in a workspace',
    who: 'resident',
    params: idInPath,
    answer: json(portCalls.list.reply),
    errors,
  }),
  connect: route({
    method: 'GET',
    path: '/api/workspaces/:id/ports/:port/connect',
    summary: 'A connection to one of these ports, as a WebSocket',
    who: 'resident',
    params: portInPath,
    answer: { kind: 'socket', about: 'The bytes of a TCP connection: messages of shared/channels/channel.ts' },
    errors: {
      400: 'It was not dialled as a WebSocket',
      404: 'No such workspace, or nothing of it listens on this port',
      429: 'As many connections are open as may be',
      502: 'What listens there took no connection',
    },
  }),
};
