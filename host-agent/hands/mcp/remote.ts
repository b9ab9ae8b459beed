/** MCP servers on the network. The hands reach them, since what proves who they are is none of an agent's business. */
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { type Connection, type OpenOptions, openConnection, type ServerTransport } from './connection.ts';
import type { RemoteDefinition } from './definition.ts';
import { remoteFetch } from './remote-fetch.ts';

/**
 * Connects by streamable HTTP, or where that does not work by the older way of events (SSE), as OpenCode does. Rejects
 * with a sentence.
 */
export const openRemote = async (
  { url, headers, timeout }: RemoteDefinition,
  options: Omit<OpenOptions, 'limitMs'>,
): Promise<Connection> => {
  const at = new URL(url);
  const ways = { requestInit: { headers }, fetch: remoteFetch };
  const open = (transport: ServerTransport) => openConnection(transport, { ...options, limitMs: timeout });
  try {
    return await open(new StreamableHTTPClientTransport(at, ways));
  } catch (first) {
    if (needsLogin(first)) throw new Error(loginText, { cause: first });
    return open(new SSEClientTransport(at, ways)).catch(() => {
      throw first;
    });
  }
};

const needsLogin = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof StreamableHTTPError && error.cause.code === 401;

const loginText =
  'it answered that it takes only who has logged in (401). Open Agent has no login to MCP servers: put a token into its ' +
  '"headers"';
