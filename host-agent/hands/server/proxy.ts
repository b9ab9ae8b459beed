/** MCP servers of the person's configuration, as OpenCode speaks to them: by us, under the same names. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  ErrorCode,
  InitializeRequestSchema,
  LATEST_PROTOCOL_VERSION,
  McpError,
  type ServerNotification,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { mcpServer } from '../mcp/definition.ts';
import type { McpServers } from '../proxied/servers.ts';
import { progressOf } from './progress.ts';

/** What our plug-in posts: a message of OpenCode for a server, with whose it is, since MCP has no words for that. */
export const proxied = z.object({
  /** OpenCode's directory of the session, which is the mission's. */
  directory: z.string().startsWith('/').max(4_096),
  /** OpenCode's session and call, where the message is a call of a tool. */
  caller: z.object({ session: z.string(), call: z.string() }).optional(),
  name: z.string(),
  /** Its entry in OpenCode's configuration, looked at when it is used, so that OpenCode is told what is wrong. */
  definition: z.unknown(),
  message: z.unknown(),
});
export type Proxied = z.infer<typeof proxied>;

export interface ProxyParts {
  servers: McpServers;
  clock: Clock;
}

/** What OpenCode may ask of a server (opencode §10.4). */
const passedOn: ReadonlySet<string> = new Set([
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** Makes the server for one message. `version` is ours, said where nothing is known of the real one. */
export const proxyFor = ({ servers, clock }: ProxyParts, { directory, caller, name, definition }: Proxied): Server => {
  const server = new Server(
    { name, version: '0' },
    { capabilities: passedCapabilities, jsonSchemaValidator: asksNothing },
  );
  const from = (signal: AbortSignal, send: (notification: ServerNotification) => Promise<void>) => ({
    directory,
    server: serverOf(name, definition),
    caller,
    signal,
    changed: (method: string): void => {
      const told = listChanged.safeParse(method).data;
      if (told) send({ method: told }).catch(() => undefined); // Who is gone does not wait.
    },
  });
  server.setRequestHandler(InitializeRequestSchema, async ({ params }, { signal, sendNotification }) => {
    const info = await servers.open(from(signal, sendNotification));
    const capabilities = passedCapabilitiesOf(info.capabilities);
    const isKnown = SUPPORTED_PROTOCOL_VERSIONS.includes(params.protocolVersion);
    return {
      protocolVersion: isKnown ? params.protocolVersion : LATEST_PROTOCOL_VERSION,
      capabilities,
      serverInfo: { name: info.name, version: info.version },
      ...(info.instructions === undefined ? {} : { instructions: info.instructions }),
    };
  });
  server.fallbackRequestHandler = async ({ method, params }, { signal, sendNotification, _meta }) => {
    if (!passedOn.has(method)) throw new McpError(ErrorCode.MethodNotFound, `${method} is not passed on`);
    const progress = progressOf(_meta?.progressToken, sendNotification, clock);
    const { _meta: _ours, ...itsOwn } = params ?? {};
    try {
      return await servers.request(from(signal, sendNotification), method, params && itsOwn);
    } finally {
      progress.end();
    }
  };
  return server;
};

const serverOf = (name: string, definition: unknown) => {
  const { success, data, error } = mcpServer.safeParse({ name, definition });
  if (success) return data;
  throw new McpError(
    ErrorCode.InvalidParams,
    `The entry "${name}" under "mcp" of the configuration is not as OpenCode wants it: ${z.prettifyError(error)}`,
  );
};

const passedCapabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true },
};

/** Of what the real server offers, what is passed on. */
const passedCapabilitiesOf = (its: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(passedCapabilities).filter(([name]) => its[name] !== undefined));

const listChanged = z.enum([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
]);

/** The SDK's own would be made, with all of Ajv, for questions to a client, which are not passed on. */
const asksNothing = {
  getValidator: () => {
    throw new Error('MCP servers ask OpenCode nothing');
  },
};
