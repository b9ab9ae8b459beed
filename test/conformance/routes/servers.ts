// Our own routes, which no app of the contract calls: servers, their links, and how one is installed.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { ts, uuid } from '../contract/scalars.ts';
import type { RouteCase } from './case.ts';

const unknown = randomUUID();

const quotaList = z.array(
  z.strictObject({
    name: z.string(),
    limit: z.number().int(),
    default: z.number().int(),
    used: z.number().int().nullable(),
    unit: z.string(),
    per: z.string(),
    reason: z.string(),
  }),
);
const wrongQuotas: RouteCase['bad'] = [
  { send: { body: { missions: -1 } }, status: 422, says: /missions/ },
  { send: { body: { coffee: 1 } }, status: 422, says: /coffee/ },
];

export const quotaCases: RouteCase[] = [
  { route: 'GET /api/quotas', good: [{ is: quotaList }], bad: [] },
  {
    route: 'PUT /api/quotas',
    body: 'required',
    good: [{ send: { body: { missions: null } }, is: z.strictObject({ ok: z.literal(true) }) }],
    bad: wrongQuotas,
  },
  {
    route: 'GET /api/quotas/:user',
    params: { user: 'default' },
    good: [{ is: quotaList }],
    bad: [{ send: { path: '/api/quotas/nobody' }, status: 404, says: /^There is no user nobody/ }],
  },
  {
    route: 'PUT /api/quotas/:user',
    params: { user: 'default' },
    body: 'required',
    good: [{ send: { body: { missions: null } }, is: z.strictObject({ ok: z.literal(true) }) }],
    bad: [
      ...wrongQuotas,
      { send: { path: '/api/quotas/nobody', body: {} }, status: 404, says: /^There is no user nobody/ },
    ],
  },
];

export const serverCases: RouteCase[] = [
  {
    route: 'GET /api/hosts',
    good: [
      {
        is: z
          .array(
            z.looseObject({
              id: uuid,
              name: z.string(),
              connected: z.literal(true),
              live: z.boolean(),
              created_at: ts,
              agents: z.array(z.string()).nullable(),
              working_dir: z.string().nullable(),
            }),
          )
          .length(1),
        and: (hosts) => expect(JSON.stringify(hosts)).not.toMatch(/credential|secret/),
      },
    ],
    bad: [],
  },
  {
    route: 'POST /api/hosts',
    good: [
      {
        send: { body: { name: 'Second' } },
        // An edge of one's own machine has nothing to warn of.
        is: z.strictObject({
          code: z.string().min(8),
          expires_at: ts,
          install: z.string(),
          command: z.string(),
          warning: z.null(),
        }),
      },
    ],
    bad: [{ send: { body: { name: 7 } }, status: 422, says: /name/ }],
  },
  {
    route: 'POST /api/hosts/enrol',
    open: 'servers',
    body: 'required',
    good: [],
    bad: [{ send: { body: { code: 'AAAA-BBBB' } }, status: 422, says: /^Invalid request body/ }],
  },
  {
    route: 'DELETE /api/hosts/:id',
    good: [],
    bad: [{ send: { path: `/api/hosts/${unknown}` }, status: 404, says: `Server ${unknown} not found` }],
  },
  {
    route: 'GET /api/hosts/:id/retention',
    good: [],
    bad: [{ send: { path: `/api/hosts/${unknown}/retention` }, status: 404, says: `Server ${unknown} not found` }],
  },
  {
    route: 'PUT /api/hosts/:id/retention',
    body: 'required',
    good: [],
    bad: [
      { send: { path: `/api/hosts/${unknown}/retention`, body: { days: 0 } }, status: 422, says: /days/ },
      {
        send: { path: `/api/hosts/${unknown}/retention`, body: { days: 30 } },
        status: 404,
        says: `Server ${unknown} not found`,
      },
    ],
  },
  {
    route: 'GET /api/host/state',
    open: 'servers',
    good: [],
    bad: [{ send: {}, status: 401, says: /Unknown host or wrong credential/ }],
  },
  {
    route: 'GET /api/host/link',
    open: 'servers',
    good: [],
    bad: [{ send: {}, status: 400, says: /WebSocket/ }],
  },
  {
    route: 'GET /api/host/relay/:id',
    open: 'servers',
    params: { id: unknown },
    good: [],
    bad: [{ send: {}, status: 400, says: /WebSocket/ }],
  },
  {
    route: 'POST /api/internal/setup',
    open: 'servers',
    good: [],
    bad: [
      { send: { body: {} }, status: 401, says: 'Wrong internal token' },
      { send: { body: {}, headers: { authorization: 'Bearer guess' } }, status: 401, says: 'Wrong internal token' },
    ],
  },
  {
    route: 'GET /install.sh',
    open: 'everybody',
    good: [{ is: /^#!/ }],
    bad: [],
  },
];
