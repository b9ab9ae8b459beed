// Ports of workspaces (contract §17.1).
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { int, nilUuid } from '../contract/scalars.ts';
import type { RouteCase } from './case.ts';

const unknown = randomUUID();
const notFound = { status: 404, says: `Workspace ${unknown} not found` };
const port = z.strictObject({ port: int, address: z.string(), pid: int, command: z.string() });

export const portCases: RouteCase[] = [
  {
    route: 'GET /api/workspaces/:id/ports',
    params: { id: nilUuid },
    good: [{ is: z.strictObject({ ports: z.array(port) }) }],
    bad: [{ send: { path: `/api/workspaces/${unknown}/ports` }, ...notFound }],
  },
  {
    route: 'GET /api/workspaces/:id/ports/:port/connect',
    params: { id: nilUuid, port: '1' },
    socket: { refusals: [{ query: '', status: 404, says: /listens on port 1\b/ }] },
    good: [],
    bad: [],
  },
];
