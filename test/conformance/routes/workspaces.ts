// Workspaces (contract §2.3): each server's host workspace; containers and settings of workspaces are not there.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { workspace } from '../contract/general.ts';
import { int, nilUuid } from '../contract/scalars.ts';
import { stack } from '../stage.ts';
import type { RouteCase } from './case.ts';

const unknown = randomUUID();
const at = (tail = ''): string => `/api/workspaces/${unknown}${tail}`;
const notFound = { status: 404, says: `Workspace ${unknown} not found` };
const notContainer = { status: 400, says: 'Workspace is not a container type' };

const debug = z.strictObject({
  id: z.literal(nilUuid),
  name: z.literal('host'),
  status: z.literal('ready'),
  path: z.string(),
  path_exists: z.literal(true),
  size_bytes: int.nullable(),
  directories: z.array(z.strictObject({ path: z.string(), exists: z.boolean(), file_count: int.nullable() })),
  has_bash: z.boolean(),
  agent_user: z.string(), // Ours.
  init_script_exists: z.boolean(),
  init_script_modified: z.string().nullable(),
  distro: z.string().nullable(),
  last_error: z.string().nullable(),
});

export const workspaceCases: RouteCase[] = [
  {
    route: 'GET /api/workspaces',
    good: [
      {
        is: z.array(workspace).min(1),
        and: ([host]) =>
          expect(host).toMatchObject({
            id: nilUuid,
            name: 'host',
            workspace_type: 'host',
            status: 'ready',
            path: stack().workingDir,
          }),
      },
    ],
    bad: [],
  },
  {
    route: 'GET /api/workspaces/:id',
    good: [{ is: workspace }],
    bad: [{ send: { path: `/api/workspaces/${unknown}` }, status: 404, says: `Workspace ${unknown} not found` }],
  },
  {
    route: 'POST /api/workspaces',
    body: 'required',
    good: [],
    bad: [
      { send: { body: { name: ' ' } }, status: 400, says: 'Name cannot be empty' },
      { send: { body: { name: '../up' } }, status: 400, says: 'Name contains invalid characters' },
      { send: { body: { name: '.hidden' } }, status: 400, says: 'Name cannot start with a dot' },
      { send: { body: { name: 'x', template: 't' } }, status: 503, says: 'Library not initialized' },
      {
        send: { body: { name: 'x', path: '/etc' } },
        status: 400,
        says: 'Custom path must be within the working directory',
      },
      {
        send: { body: { name: 'x', path: 'a/../../b' } },
        status: 400,
        says: 'Custom path must be within the working directory',
      },
      { send: { body: { name: 'host' } }, status: 409, says: /host/ },
      { send: { body: { name: 'x', workspace_type: 'vm' } }, status: 422, says: /workspace_type/ },
      { send: { body: { name: 'x', workspace_type: 'chroot' } }, status: 400, says: /\S/ },
    ],
  },
  {
    route: 'PUT /api/workspaces/:id',
    body: 'required',
    good: [{ send: { body: { name: null, skills: [] } }, is: workspace }],
    bad: [
      { send: { body: { name: 'a/b' } }, status: 400, says: 'Name contains invalid characters' },
      { send: { body: { env_vars: { A: 'b' } } }, status: 400, says: /env_vars/ },
      { send: { body: { skills: 'all' } }, status: 422, says: /skills/ },
      { send: { path: at(), body: {} }, ...notFound },
    ],
  },
  {
    route: 'DELETE /api/workspaces/:id',
    good: [],
    bad: [
      { send: {}, status: 400, says: 'Cannot delete default host workspace' },
      { send: { path: at() }, ...notFound },
    ],
  },
  {
    route: 'POST /api/workspaces/:id/build',
    good: [],
    bad: [
      // The web app announces JSON and sends nothing (contract §10.2 row 4).
      { send: { headers: { 'content-type': 'application/json' } }, ...notContainer },
      { send: { body: { distro: 'ubuntu-noble', rebuild: true } }, ...notContainer },
      { send: { path: at('/build') }, ...notFound },
    ],
  },
  {
    route: 'GET /api/workspaces/:id/debug',
    good: [{ is: debug }],
    bad: [{ send: { path: at('/debug') }, ...notFound }],
  },
  {
    route: 'GET /api/workspaces/:id/init-log',
    good: [
      {
        is: z.strictObject({
          exists: z.boolean(),
          content: z.string(),
          total_lines: int.nullable(),
          log_path: z.literal('/var/log/openagent-init.log'),
        }),
      },
    ],
    bad: [{ send: { path: at('/init-log') }, ...notFound }],
  },
  {
    route: 'POST /api/workspaces/:id/sync',
    good: [],
    bad: [
      { send: { body: {} }, status: 503, says: 'Library not initialized' },
      { send: { path: at('/sync') }, ...notFound },
    ],
  },
  {
    route: 'POST /api/workspaces/:id/exec',
    body: 'required',
    good: [],
    bad: [
      { send: { body: { command: 'id' } }, status: 400, says: /\S/ },
      { send: { body: { command: ['id'] } }, status: 422, says: /command/ },
      { send: { path: at('/exec'), body: { command: 'id' } }, ...notFound },
    ],
  },
  {
    route: 'POST /api/workspaces/:id/rerun-init',
    good: [],
    bad: [
      { send: {}, ...notContainer },
      { send: { path: at('/rerun-init') }, ...notFound },
    ],
  },
  {
    route: 'GET /api/workspaces/:id/shell',
    params: { id: nilUuid },
    socket: { refusals: [{ query: '', status: 503, says: /terminal/ }] },
    good: [],
    bad: [],
  },
];
