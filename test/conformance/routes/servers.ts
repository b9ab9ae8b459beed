// Our own routes, which no app of the contract calls: servers, their links, and how one is installed.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { ts, uuid } from '../contract/scalars.ts';
import type { RouteCase } from './case.ts';

const unknown = randomUUID();

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
        is: z.strictObject({ code: z.string().min(8), expires_at: ts, install: z.string(), command: z.string() }),
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
