/** OpenCode itself (contract §2.8, §3), and what the system consists of (§2.12). */
import * as z from 'zod';
import { openCodeAgent } from '../calls/opencode.ts';
import { json, required, route } from './route.ts';
import { hostQuery, idInPath, time } from './scalars.ts';

const connections = '/api/opencode/connections';
const readOnly = { kind: 'refused', about: 'Each server uses its own OpenCode, or that of OPENCODE_BASE_URL' } as const;
const errors = { 404: 'No such connection' };
/** What everyone who works on a server depends on. */
const forAdmins = {
  who: 'admin',
  refusal: 'Only an admin may change the OpenCode of a server: ask a user marked "admin": true',
} as const;
const readOnlyErrors = { ...errors, 400: 'Connections are read-only' };

/** As clients see an agent: while OpenCode does not answer, by the name that its server last reported. */
export const agents = z.array(openCodeAgent.omit({ hidden: true }).partial({ mode: true }));

const connection = z
  .object({
    id: z.string(),
    name: z.string(),
    base_url: z.string(),
    agent: z.null(),
    permissive: z.boolean(),
    enabled: z.boolean(),
    is_default: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'OpenCodeConnection' });

export const openCodeRoutes = {
  agents: route({
    method: 'GET',
    path: '/api/opencode/agents',
    summary: "All agents of a server's OpenCode",
    who: 'user',
    query: hostQuery,
    answer: json(agents),
    errors: { 404: 'No such server' },
  }),
  settings: route({
    method: 'GET',
    path: '/api/opencode/settings',
    summary: 'Settings of oh-my-opencode, which is not part of this version: an empty object',
    who: 'user',
    answer: json(z.object({})),
  }),
  changeSettings: route({
    method: 'PUT',
    path: '/api/opencode/settings',
    summary: 'Would change settings of oh-my-opencode',
    ...forAdmins,
    body: required(z.looseObject({})),
    answer: { kind: 'refused', about: 'It is not part of this version' },
    errors: { 400: 'It is not part of this version' },
  }),
  restart: route({
    method: 'POST',
    path: '/api/opencode/restart',
    summary: 'Would restart OpenCode, which is done on its server',
    ...forAdmins,
    answer: { kind: 'refused', about: 'It would interrupt the missions that run' },
    errors: { 400: 'It is restarted on its server' },
  }),
  connections: route({
    method: 'GET',
    path: connections,
    summary: 'The OpenCode of each server',
    who: 'user',
    answer: json(z.array(connection)),
  }),
  connect: route({
    method: 'POST',
    path: connections,
    summary: 'Would add a connection',
    ...forAdmins,
    body: required(z.object({ name: z.string(), base_url: z.string() })),
    answer: readOnly,
    errors: { 400: 'Connections are read-only' },
  }),
  connection: route({
    method: 'GET',
    path: `${connections}/:id`,
    summary: 'The OpenCode of one server',
    who: 'user',
    params: idInPath,
    answer: json(connection),
    errors,
  }),
  changeConnection: route({
    method: 'PUT',
    path: `${connections}/:id`,
    summary: 'Would change a connection',
    ...forAdmins,
    params: idInPath,
    body: required(z.object({ name: z.string().nullish(), base_url: z.string().nullish() })),
    answer: readOnly,
    errors: readOnlyErrors,
  }),
  removeConnection: route({
    method: 'DELETE',
    path: `${connections}/:id`,
    summary: 'Would remove a connection',
    ...forAdmins,
    params: idInPath,
    answer: readOnly,
    errors: readOnlyErrors,
  }),
  testConnection: route({
    method: 'POST',
    path: `${connections}/:id/test`,
    summary: 'Asks OpenCode for its version',
    who: 'user',
    params: idInPath,
    answer: json(z.object({ success: z.boolean(), message: z.string(), version: z.string().nullable() })),
    errors,
  }),
  makeDefault: route({
    method: 'POST',
    path: `${connections}/:id/default`,
    summary: "Takes the default server's connection; others cannot be the default",
    ...forAdmins,
    params: idInPath,
    answer: json(connection),
    errors: readOnlyErrors,
  }),
  components: route({
    method: 'GET',
    path: '/api/system/components',
    summary: 'What the system consists of, with versions',
    who: 'user',
    query: hostQuery,
    answer: json(
      z.object({
        components: z.array(
          z.object({
            name: z.string(),
            version: z.string().nullable(),
            installed: z.boolean(),
            update_available: z.null(),
            path: z.string().nullable(),
            status: z.enum(['ok', 'not_installed', 'error']),
          }),
        ),
      }),
    ),
    errors: { 404: 'No such server' },
  }),
  updateComponent: route({
    method: 'POST',
    path: '/api/system/components/:name/update',
    summary: 'Says how a component is updated',
    who: 'user',
    params: z.object({ name: z.string() }),
    answer: { kind: 'stream', about: 'One event with the text' },
    errors: { 400: 'No such component' },
  }),
};
