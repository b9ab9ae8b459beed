/**
 * Parts of the contract that this version has little or nothing of: library (§2.4), MCP (§2.5), secrets (§2.9),
 * desktops (§2.11, §7.4).
 */
import * as z from 'zod';
import { agents } from './opencode.ts';
import { json, type Method, required, route } from './route.ts';
import { count, hostQuery, idInPath, texts } from './scalars.ts';

const named = (path: string) =>
  z.object(Object.fromEntries([...path.matchAll(/:(\w+)/g)].map(([, name]) => [name ?? '', z.string()])));

/** A route whose every call is refused with 503 and a sentence, whatever it sends. */
const absent = <M extends Method, P extends `/${string}`>(method: M, path: P, summary: string) =>
  route({
    method,
    path,
    summary,
    who: 'user',
    params: named(path),
    answer: { kind: 'refused', about: 'This version does not have it' },
    errors: { 503: 'This version does not have it' },
  });

const library = '/api/library';

/** A list of named items that are read, written and removed one by one. */
const collection = <N extends string>(name: N) => [
  absent('GET', `${library}/${name}`, `Lists ${name} of the library`),
  absent('GET', `${library}/${name}/:name`, `Reads a ${name} of the library`),
  absent('PUT', `${library}/${name}/:name`, `Writes a ${name} of the library`),
  absent('DELETE', `${library}/${name}/:name`, `Removes a ${name} of the library`),
];

/** Both spellings: clients of different ages use either. */
const skills = (['skills', 'skill'] as const).flatMap((name) => [
  ...collection(name),
  absent('POST', `${library}/${name}/import`, 'Imports a skill from elsewhere'),
  ...(['references', 'files'] as const).flatMap((files) => [
    absent('GET', `${library}/${name}/:name/${files}/:path{.+}`, 'Reads a file of a skill'),
    absent('PUT', `${library}/${name}/:name/${files}/:path{.+}`, 'Writes a file of a skill'),
    absent('DELETE', `${library}/${name}/:name/${files}/:path{.+}`, 'Removes a file of a skill'),
  ]),
]);

/** Every endpoint of §2.4 that needs the library's files. */
export const absentLibraryRoutes = [
  absent('GET', `${library}/status`, "The library's state"),
  absent('POST', `${library}/sync`, 'Fetches the library'),
  absent('POST', `${library}/commit`, 'Commits changes of the library'),
  absent('POST', `${library}/push`, 'Pushes the library'),
  absent('POST', `${library}/migrate`, 'Moves a library of an older layout'),
  absent('GET', `${library}/mcps`, "The library's MCP servers"),
  absent('PUT', `${library}/mcps`, "Writes the library's MCP servers"),
  absent('GET', `${library}/plugins`, "The library's plugins"),
  absent('PUT', `${library}/plugins`, "Writes the library's plugins"),
  ...skills,
  ...(['commands', 'command', 'rule', 'agent', 'tool', 'workspace-template'] as const).flatMap((name) =>
    collection(name),
  ),
  absent('POST', `${library}/rename/:item_type/:name`, 'Renames an item of the library'),
  absent('GET', `${library}/opencode/settings`, "The library's settings of OpenCode"),
  absent('PUT', `${library}/opencode/settings`, "Writes the library's settings of OpenCode"),
  absent('PUT', `${library}/openagent/config`, "Writes the library's own settings"),
];

export const libraryRoutes = {
  agents: route({
    method: 'GET',
    path: `${library}/openagent/agents`,
    summary: 'Agents that a mission can be created with',
    who: 'user',
    query: hostQuery,
    answer: json(agents),
    errors: { 404: 'No such server' },
  }),
  config: route({
    method: 'GET',
    path: `${library}/openagent/config`,
    summary: 'Which agents dashboards hide, and which they choose first',
    who: 'user',
    query: hostQuery,
    answer: json(
      z.object({
        hidden_agents: texts,
        default_agent: z.string(),
        desktop: z.object({
          auto_close_grace_period_secs: count,
          cleanup_interval_secs: count,
          warning_before_close_secs: count,
        }),
      }),
    ),
    errors: { 404: 'No such server' },
  }),
};

const noServer = { kind: 'refused', about: 'No MCP servers are registered in this version' } as const;
const mcpErrors = { 404: 'No such MCP server' };
const ofMcp = <M extends Method, P extends '' | `/${string}`>(method: M, path: P, summary: string) =>
  route({
    method,
    path: `/api/mcp/:id${path}`,
    summary,
    who: 'user',
    params: idInPath,
    answer: noServer,
    errors: mcpErrors,
  });

/** The web's old page sends `endpoint` where the contract has `transport` (§2.5 NEW: both are understood). */
const newMcp = z.object({
  name: z.string(),
  transport: z.union([z.object({ http: z.object({}) }), z.object({ stdio: z.object({}) })]).nullish(),
  endpoint: z.string().nullish(),
  scope: z.enum(['global', 'workspace']).nullish(),
});

export const mcpRoutes = {
  list: route({
    method: 'GET',
    path: '/api/mcp',
    summary: 'MCP servers: none',
    who: 'user',
    answer: json(z.array(z.unknown()).max(0)),
  }),
  add: route({
    method: 'POST',
    path: '/api/mcp',
    summary: 'Would register an MCP server',
    who: 'user',
    body: required(newMcp),
    answer: { kind: 'refused', about: 'Write it into OPENCODE_CONFIG_CONTENT on the server' },
    errors: { 400: 'This version keeps no MCP servers of its own' },
  }),
  refreshAll: route({
    method: 'POST',
    path: '/api/mcp/refresh',
    summary: 'Asks all MCP servers anew: there are none',
    who: 'user',
    answer: json(z.object({ success: z.literal(true), message: z.string() })),
  }),
  read: ofMcp('GET', '', 'One MCP server'),
  change: route({
    method: 'PATCH',
    path: '/api/mcp/:id',
    summary: 'Changes an MCP server',
    who: 'user',
    params: idInPath,
    body: required(z.object({ name: z.string().nullish(), enabled: z.boolean().nullish() })),
    answer: noServer,
    errors: mcpErrors,
  }),
  remove: ofMcp('DELETE', '', 'Removes an MCP server'),
  enable: ofMcp('POST', '/enable', 'Enables an MCP server'),
  disable: ofMcp('POST', '/disable', 'Disables an MCP server'),
  refresh: ofMcp('POST', '/refresh', 'Asks an MCP server anew'),
  tools: route({
    method: 'GET',
    path: '/api/tools',
    summary: 'Tools of MCP servers: none',
    who: 'user',
    answer: json(z.array(z.unknown()).max(0)),
  }),
  toggleTool: route({
    method: 'POST',
    path: '/api/tools/:name/toggle',
    summary: 'Switches a tool on or off',
    who: 'user',
    params: z.object({ name: z.string() }),
    body: required(z.object({ enabled: z.boolean() })),
    answer: { kind: 'refused', about: 'There are no tools of MCP servers in this version' },
    errors: { 404: 'No such tool' },
  }),
};

const secrets = '/api/secrets';
const registry = `${secrets}/registries/:name` as const;
export const secretStatus = route({
  method: 'GET',
  path: `${secrets}/status`,
  summary: 'The state of the secret store: there is none',
  who: 'user',
  answer: json(
    z.object({ initialized: z.literal(false), can_decrypt: z.literal(false), registries: z.array(z.unknown()).max(0) }),
  ),
});
export const absentSecretRoutes = [
  absent('POST', `${secrets}/initialize`, 'Creates the secret store'),
  absent('POST', `${secrets}/unlock`, 'Opens the secret store'),
  absent('POST', `${secrets}/lock`, 'Closes the secret store'),
  absent('GET', `${secrets}/registries`, 'Registries of secrets'),
  absent('GET', registry, 'Secrets of a registry'),
  absent('DELETE', registry, 'Removes a registry'),
  absent('GET', `${registry}/:key`, 'What is known of a secret'),
  absent('POST', `${registry}/:key`, 'Keeps a secret'),
  absent('DELETE', `${registry}/:key`, 'Removes a secret'),
  absent('GET', `${registry}/:key/reveal`, 'Shows a secret'),
];

const noDesktop = { kind: 'refused', about: 'This version starts no desktops' } as const;
const display = z.object({ display: z.string() });
export const desktopRoutes = {
  sessions: route({
    method: 'GET',
    path: '/api/desktop/sessions',
    summary: 'Desktops of missions: none',
    who: 'user',
    answer: json(z.object({ sessions: z.array(z.unknown()).max(0) })),
  }),
  cleanup: route({
    method: 'POST',
    path: '/api/desktop/sessions/cleanup',
    summary: 'Closes desktops that nobody uses: there are none',
    who: 'user',
    answer: json(z.object({ success: z.literal(true), message: z.string() })),
  }),
  close: route({
    method: 'POST',
    path: '/api/desktop/sessions/:display/close',
    summary: 'Closes a desktop',
    who: 'user',
    params: display,
    answer: noDesktop,
    errors: { 400: 'No display number', 404: 'No such desktop' },
  }),
  keepAlive: route({
    method: 'POST',
    path: '/api/desktop/sessions/:display/keep-alive',
    summary: 'Keeps a desktop open for longer',
    who: 'user',
    params: display,
    body: required(z.object({ extension_secs: count.nullish() })),
    answer: noDesktop,
    errors: { 400: 'No display number', 404: 'No such desktop' },
  }),
  stream: route({
    method: 'GET',
    path: '/api/desktop/stream',
    summary: 'Would show a desktop',
    who: 'user',
    query: z.object({ display: z.string().optional() }),
    answer: { kind: 'socket', about: 'This version starts no desktops: the handshake is refused' },
    errors: { 400: 'It was not dialled as a WebSocket, or no display' },
  }),
  terminal: route({
    method: 'GET',
    path: '/api/console/ws',
    summary: 'Would open a terminal on the server',
    who: 'user',
    answer: { kind: 'socket', about: 'This version has no terminals: the handshake is refused' },
    errors: { 400: 'It was not dialled as a WebSocket' },
  }),
};
