// Hands that do what a test says: a real MCP server on a unix socket, as OpenCode's plug-in calls it.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Outcome } from '../../host-agent/hands/call/outcome.ts';

export interface HandsCall {
  name: string;
  args: Record<string, unknown>;
  /** Who calls, and what was granted. */
  meta: Record<string, unknown>;
  signal: AbortSignal;
}

/** What a call ends with; `cut` ends the connection without an answer. */
export type Script = (call: HandsCall) => Promise<Outcome | 'cut'> | Outcome | 'cut';

/** Starts them at `socket`, or at a place of their own. */
export const startScriptedHands = async (script: Script, socket = freshSocket()) => {
  const calls: HandsCall[] = [];
  const http = createServer(async (request, response) => {
    const server = new Server({ name: 'hands', version: '1' }, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
      const call = { name: params.name, args: params.arguments ?? {}, meta: { ...params._meta }, signal };
      calls.push(call);
      const structuredContent = await script(call);
      if (structuredContent === 'cut') {
        response.destroy();
        return { content: [] };
      }
      return { content: [], structuredContent };
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response);
  });
  await once(http.listen(socket), 'listening');
  return {
    socket,
    calls,
    /** They are gone, as when their process was killed. */
    close: async (): Promise<void> => {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
      rmSync(socket, { force: true });
    },
  };
};

const freshSocket = (): string => join(mkdtempSync(join(tmpdir(), 'hands-')), 'hands.sock');
