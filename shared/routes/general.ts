/** Health, login and figures (contract §1.2, §2.1). */
import * as z from 'zod';
import { loginBody } from '../api.ts';
import { hostId, uuid } from '../ids.ts';
import { exactly, json, optionally, required, route } from './route.ts';
import { count, done, time } from './scalars.ts';

export const generalRoutes = {
  health: route({
    method: 'GET',
    path: '/api/health',
    summary: 'Says that the edge runs, and how one logs in there',
    who: 'public',
    answer: json(
      z.object({
        status: z.literal('ok'),
        version: z.string(),
        dev_mode: z.boolean(),
        auth_required: z.boolean(),
        auth_mode: z.enum(['disabled', 'single_tenant', 'multi_user']),
        max_iterations: z.number().int().positive(),
        link_protocol: z.number().int(),
        time,
      }),
    ),
  }),
  login: route({
    method: 'POST',
    path: '/api/auth/login',
    summary: 'Gives a token for a password',
    who: 'public',
    body: exactly(loginBody),
    answer: json(z.object({ token: z.string(), exp: z.number().int() })),
    errors: { 401: 'Wrong password or user', 429: 'Too many attempts: try again later' },
  }),
  logout: route({
    method: 'POST',
    path: '/api/auth/logout',
    summary: 'Ends the login whose token is shown, or all of yours',
    who: 'user',
    body: optionally(z.object({ everywhere: z.boolean().nullish() })),
    answer: json(done({})),
    errors: { 400: 'Authentication is off: there are no logins' },
  }),
  logoutUser: route({
    method: 'POST',
    path: '/api/auth/users/:id/logout',
    summary: 'Ends all logins of a user',
    who: 'admin',
    refusal: 'Only an admin may end the logins of others: ask a user marked "admin": true',
    params: z.object({ id: z.string().min(1) }),
    answer: json(done({})),
    errors: { 400: 'Authentication is off: there are no logins', 404: 'No such user' },
  }),
  stats: route({
    method: 'GET',
    path: '/api/stats',
    summary: 'Your missions in numbers',
    who: 'user',
    answer: json(
      z.object({
        total_tasks: count,
        active_tasks: count,
        completed_tasks: count,
        failed_tasks: count,
        total_cost_cents: count,
        success_rate: z.number().min(0).max(1),
      }),
    ),
  }),
  front: route({
    method: 'GET',
    path: '/',
    summary: 'The page at the address that the start prints',
    who: 'public',
    answer: { kind: 'bytes', type: 'text/html', about: 'A page without scripts' },
  }),
  install: route({
    method: 'GET',
    path: '/install.sh',
    summary: 'The script that makes a machine a server of this edge',
    who: 'public',
    answer: { kind: 'bytes', type: 'text/x-shellscript', about: 'A script for sh' },
    errors: { 400: 'The address of this request cannot be written into a shell script' },
  }),
  setup: route({
    method: 'POST',
    path: '/api/internal/setup',
    summary: 'Brings tables and the server of this machine up to date; only the launcher of this edge calls it',
    who: 'launcher',
    body: required(
      z.object({
        host: z.object({
          id: hostId,
          name: z.string().min(1).max(200),
          credential_sha256: z.string().regex(/^[0-9a-f]{64}$/),
          epoch: count,
          workspace_id: uuid,
        }),
      }),
    ),
    answer: json(z.object({ ok: z.literal(true), version: z.string() })),
    errors: { 404: 'This edge was not started by a launcher' },
  }),
};
