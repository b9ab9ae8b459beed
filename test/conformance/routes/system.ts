// OpenCode, components, monitoring, and what this version does not have: MCP registry, secrets, desktops, terminals
// (contract §2.5, §2.8–§2.12, §7).
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import * as z from 'zod';
import { ts, uuid } from '../contract/scalars.ts';
import { me } from '../stage.ts';
import { absent, type RouteCase, type Shot } from './case.ts';

const anyText = /\S/;
const unknown = randomUUID();
const agents = z.array(z.looseObject({ name: z.string().min(1) })).min(1);
const connection = z.strictObject({
  id: uuid,
  name: z.string(),
  base_url: z.string(),
  agent: z.string().nullable(),
  permissive: z.boolean(),
  enabled: z.boolean(),
  is_default: z.boolean(),
  created_at: ts,
  updated_at: ts,
});
const connections = '/api/opencode/connections';
const toFirst = async (tail = '', body?: unknown): Promise<Shot> => {
  const [first] = (await me().call('GET', connections)).json;
  return { path: `${connections}/${first.id}${tail}`, body };
};
const noConnection = { status: 404, says: `Connection ${unknown} not found` };

export const openCodeCases: RouteCase[] = [
  { route: 'GET /api/opencode/agents', good: [{ is: agents }], bad: [] },
  { route: 'GET /api/opencode/settings', good: [{ is: z.looseObject({}) }], bad: [] },
  {
    route: 'PUT /api/opencode/settings',
    body: 'required',
    good: [],
    bad: [{ send: { body: {} }, status: 400, says: anyText }],
  },
  { route: 'POST /api/opencode/restart', good: [], bad: [{ send: {}, status: 400, says: /restart/i }] },
  { route: `GET ${connections}`, good: [{ is: z.array(connection).length(1) }], bad: [] },
  {
    route: `POST ${connections}`,
    body: 'required',
    good: [],
    bad: [
      { send: { body: { name: ' ', base_url: 'http://x' } }, status: 400, says: 'Name cannot be empty' },
      { send: { body: { name: 'x', base_url: 'javascript:x' } }, status: 400, says: /Invalid URL/ },
      { send: { body: { name: 'x', base_url: 'http://x' } }, status: 400, says: anyText },
      { send: { body: { name: 'x' } }, status: 422, says: /base_url/ },
    ],
  },
  {
    route: `GET ${connections}/:id`,
    good: [{ send: () => toFirst(), is: connection }],
    bad: [{ send: { path: `${connections}/${unknown}` }, ...noConnection }],
  },
  {
    route: `PUT ${connections}/:id`,
    body: 'required',
    good: [],
    bad: [
      { send: { path: `${connections}/${unknown}`, body: {} }, ...noConnection },
      { send: () => toFirst('', { name: 'x' }), status: 400, says: anyText },
    ],
  },
  {
    route: `DELETE ${connections}/:id`,
    good: [],
    bad: [
      { send: { path: `${connections}/${unknown}` }, ...noConnection },
      { send: () => toFirst(), status: 400, says: anyText },
    ],
  },
  {
    route: `POST ${connections}/:id/test`,
    good: [
      {
        send: () => toFirst('/test'),
        is: z.strictObject({ success: z.literal(true), message: z.string(), version: z.string().nullable() }),
      },
    ],
    bad: [{ send: { path: `${connections}/${unknown}/test` }, ...noConnection }],
  },
  {
    route: `POST ${connections}/:id/default`,
    good: [{ send: () => toFirst('/default'), is: connection }],
    bad: [{ send: { path: `${connections}/${unknown}/default` }, ...noConnection }],
  },
];

const component = z.strictObject({
  name: z.enum(['open_agent', 'opencode', 'oh_my_opencode']),
  version: z.string().nullable(),
  installed: z.boolean(),
  update_available: z.string().nullable(),
  path: z.string().nullable(),
  status: z.enum(['ok', 'update_available', 'not_installed', 'error']),
});
const updateLine =
  /^data: \{"event_type":"(log|progress|complete|error|restarting)","message":"[^"]+","progress":(null|\d+)\}\n\n$/;

export const systemCases: RouteCase[] = [
  {
    route: 'GET /api/system/components',
    good: [
      {
        is: z.strictObject({ components: z.array(component).min(2) }),
        and: ({ components }: { components: { name: string; status: string; version: string }[] }) =>
          expect(components).toContainEqual(
            expect.objectContaining({ name: 'opencode', status: 'ok', version: '1.18.33' }),
          ),
      },
    ],
    bad: [],
  },
  {
    route: 'POST /api/system/components/:name/update',
    params: { name: 'open_agent' },
    // Colon and one blank, or the web app reads nothing (contract §2.12).
    good: [{ is: updateLine }],
    bad: [
      { send: { path: '/api/system/components/__proto__/update' }, status: 400, says: 'Unknown component: __proto__' },
    ],
  },
  {
    route: 'GET /api/console/ws',
    socket: { refusals: [{ query: '', status: 503, says: anyText }] },
    good: [],
    bad: [],
  },
  {
    route: 'GET /api/desktop/stream',
    socket: {
      refusals: [
        { query: '', status: 400, says: /display/ },
        { query: '?display=99', status: 400, says: 'Invalid display format' },
        { query: '?display=:99&fps=10&quality=70', status: 503, says: anyText },
      ],
    },
    good: [],
    bad: [],
  },
  // Its samples: stories/monitoring.ts.
  { route: 'GET /api/monitoring/ws', socket: { refusals: [] }, good: [], bad: [] },
  {
    route: 'GET /api/desktop/sessions',
    good: [{ is: z.strictObject({ sessions: z.array(z.never()) }) }],
    bad: [],
  },
  {
    route: 'POST /api/desktop/sessions/cleanup',
    good: [{ is: z.strictObject({ success: z.boolean(), message: z.string().optional() }) }],
    bad: [],
  },
  {
    route: 'POST /api/desktop/sessions/:display/close',
    params: { display: ':99' },
    good: [],
    bad: [
      { send: {}, status: 404, says: /:99/ },
      { send: { path: '/api/desktop/sessions/99/close' }, status: 404, says: /:99/ },
      { send: { path: '/api/desktop/sessions/99%3Brm/close' }, status: 400, says: anyText },
    ],
  },
  {
    route: 'POST /api/desktop/sessions/:display/keep-alive',
    params: { display: ':99' },
    body: 'required',
    good: [],
    bad: [
      { send: { body: {} }, status: 404, says: /:99/ },
      { send: { body: { extension_secs: '7200' } }, status: 422, says: /extension_secs/ },
    ],
  },
];

const noMcp = { status: 404, says: /^MCP server \S+ not found$/ };
const success = z.strictObject({ success: z.literal(true), message: z.string() });
export const mcpCases: RouteCase[] = [
  { route: 'GET /api/mcp', good: [{ is: z.array(z.never()) }], bad: [] },
  {
    route: 'POST /api/mcp',
    body: 'required',
    good: [],
    bad: [
      // The web's old page sends `endpoint` (contract §2.5 NEW): understood, like `transport`.
      { send: { body: { name: 'x', endpoint: 'http://x' } }, status: 400, says: anyText },
      {
        send: { body: { name: 'x', transport: { stdio: { command: 'x', args: [], env: {} } } } },
        status: 400,
        says: anyText,
      },
      { send: { body: { name: 'x' } }, status: 422, says: /transport/ },
      { send: { body: { name: 'x', endpoint: 'http://x', scope: 'all' } }, status: 422, says: /scope/ },
    ],
  },
  { route: 'POST /api/mcp/refresh', good: [{ is: success }], bad: [] },
  { route: 'GET /api/mcp/:id', good: [], bad: [{ send: {}, ...noMcp }] },
  { route: 'PATCH /api/mcp/:id', body: 'required', good: [], bad: [{ send: { body: { enabled: true } }, ...noMcp }] },
  { route: 'DELETE /api/mcp/:id', good: [], bad: [{ send: {}, ...noMcp }] },
  ...['enable', 'disable', 'refresh'].map(
    (what): RouteCase => ({ route: `POST /api/mcp/:id/${what}`, good: [], bad: [{ send: { body: {} }, ...noMcp }] }),
  ),
  { route: 'GET /api/tools', good: [{ is: z.array(z.looseObject({ name: z.string() })) }], bad: [] },
  {
    route: 'POST /api/tools/:name/toggle',
    params: { name: 'read_file' },
    body: 'required',
    good: [],
    bad: [{ send: { body: { enabled: false } }, status: 404, says: 'Tool read_file not found' }],
  },
];

const secrets = '/api/secrets';
const noStore = 'Secrets system not available';
export const secretCases: RouteCase[] = [
  {
    route: `GET ${secrets}/status`,
    good: [
      {
        is: z.strictObject({
          initialized: z.literal(false),
          can_decrypt: z.literal(false),
          registries: z.array(z.never()),
        }),
      },
    ],
    bad: [],
  },
  // Never a 401: that would log the web user out (contract §2.9).
  ...[
    ...[
      'POST initialize',
      'POST unlock',
      'POST lock',
      'GET registries',
      'GET registries/:name',
      'DELETE registries/:name',
    ],
    ...['GET', 'POST', 'DELETE'].map((method) => `${method} registries/:name/:key`),
    'GET registries/:name/:key/reveal',
  ].map((each) => {
    const [method, path] = each.split(' ');
    return absent(`${method} ${secrets}/${path}`, noStore, 503, { name: 'mcp-tokens', key: 'a%2Fb' });
  }),
];
