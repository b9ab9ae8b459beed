/**
 * Servers, their figures, and the sockets that they dial (shared/enrolment.ts, shared/frames.ts,
 * shared/channels/channel.ts).
 */
import * as z from 'zod';
import { enrolBody, enrolResponse, hostJson, hostStateJson, newHostBody, newHostResponse } from '../enrolment.ts';
import { retentionChange, retentionJson } from '../retention.ts';
import { json, optionally, required, route } from './route.ts';
import { anyPage, done, hostQuery, idInPath } from './scalars.ts';

const refusal = 'Only an admin may add and remove servers: ask a user marked "admin": true';

const retentionRefusal =
  'Only an admin may see and set for how long a server keeps things: ask a user marked "admin": true';

export const serverRoutes = {
  list: route({
    method: 'GET',
    path: '/api/hosts',
    summary: 'The servers of this edge',
    who: 'user',
    query: anyPage.extend({
      /** `true`: servers that are said to be connected are looked at, which lists that are polled do without. */
      look: z.enum(['true', 'false'], 'look must be true or false').optional(),
    }),
    answer: json(z.array(hostJson)),
  }),
  invite: route({
    method: 'POST',
    path: '/api/hosts',
    summary: 'Draws a one-use code by which a machine becomes a server',
    who: 'admin',
    refusal,
    body: optionally(newHostBody),
    answer: json(newHostResponse),
  }),
  enrol: route({
    method: 'POST',
    path: '/api/hosts/enrol',
    summary: 'Makes a machine a server, for a code; what `openagent enroll` calls',
    who: 'public',
    body: required(enrolBody),
    answer: json(enrolResponse),
    errors: { 401: 'The code is wrong, used or expired', 409: 'Its version does not fit', 429: 'Too many attempts' },
  }),
  remove: route({
    method: 'DELETE',
    path: '/api/hosts/:id',
    summary: "Ends a server's credential and what runs there",
    who: 'admin',
    refusal,
    params: idInPath,
    answer: json(done({ removed: z.string() })),
    errors: { 404: 'No such server' },
  }),
  retention: route({
    method: 'GET',
    path: '/api/hosts/:id/retention',
    summary: 'For how long a server keeps what happened in its missions',
    who: 'admin',
    refusal: retentionRefusal,
    params: idInPath,
    answer: json(retentionJson),
    errors: { 404: 'No such server' },
  }),
  setRetention: route({
    method: 'PUT',
    path: '/api/hosts/:id/retention',
    summary: 'Sets for how long a server, or one mission of it, is kept; neither days nor bytes: for ever',
    who: 'admin',
    refusal: retentionRefusal,
    params: idInPath,
    body: required(retentionChange),
    answer: json(done({})),
    errors: { 404: 'No such server, or no such mission on it', 429: 'Too many missions have a rule of their own' },
  }),
  monitoring: route({
    method: 'GET',
    path: '/api/monitoring/ws',
    summary: "A server's load, memory and traffic, once per second",
    who: 'resident',
    query: hostQuery,
    answer: { kind: 'socket', about: 'Samples as JSON' },
    errors: { 400: 'It was not dialled as a WebSocket', 404: 'No such server' },
  }),
  state: route({
    method: 'GET',
    path: '/api/host/state',
    summary: 'What the edge knows of the server that asks; what `openagent doctor` shows',
    who: 'host',
    answer: json(hostStateJson),
    errors: { 401: 'Unknown server or wrong credential' },
  }),
  link: route({
    method: 'GET',
    path: '/api/host/link',
    summary: 'The link of a host-agent',
    who: 'host',
    answer: { kind: 'socket', about: 'Frames of shared/frames.ts' },
    errors: { 400: 'It was not dialled as a WebSocket', 401: 'Unknown server or wrong credential' },
  }),
  relay: route({
    method: 'GET',
    path: '/api/host/relay/:id',
    summary: 'Where a host-agent carries the bytes of one transfer',
    who: 'host',
    params: idInPath,
    answer: { kind: 'socket', about: 'Messages of shared/channels/channel.ts' },
    errors: {
      400: 'It was not dialled as a WebSocket',
      401: 'Unknown server or wrong credential',
      403: "It is another server's transfer",
      409: 'The server is there already',
      410: 'The transfer is over',
    },
  }),
};
