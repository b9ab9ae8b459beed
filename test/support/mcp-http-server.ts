// The MCP server of tests on the network: streamable HTTP with sessions.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import * as z from 'zod';
import { testMcpServer } from './mcp-server.ts';

/** Starts it on a port of its own; requests without `token` are refused. */
export const startMcpHttpServer = async (token: string) => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  let last: IncomingHttpHeaders = {};
  const http = createServer(async (request, response) => {
    last = request.headers;
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
      return;
    }
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known) return known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await testMcpServer(() => last).connect(transport);
    await transport.handleRequest(request, response);
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = z.object({ port: z.number() }).parse(http.address());
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    sessions: () => sessions.size,
    close: async (): Promise<void> => {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
};
