// MCP servers of the configuration, asked by way of the hands as the plug-in in OpenCode does it.
import { join } from 'node:path';
import * as z from 'zod';
import { post } from './hands-client.ts';

const server = join(import.meta.dirname, 'mcp-server.ts');

/** The test server as an entry of OpenCode's configuration. */
export const localEntry = (...args: string[]) => ({
  type: 'local',
  command: [process.execPath, '--no-warnings', server, ...args],
  environment: { TEST_TOKEN: 'environment-secret-1234', PLAIN: 'plain-value-1234' },
});

export interface ServerMessage {
  directory: string;
  name?: string;
  definition: unknown;
  method: string;
  params?: Record<string, unknown>;
  signal?: AbortSignal;
  /** Progress, and what else comes beside the answer. */
  onProgress?: (progress: unknown) => void;
}

const answer = z.object({
  result: z.looseObject({}).optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Resolves with the result; an error is thrown with its message. */
export const askServer = async (socket: string, ask: ServerMessage): Promise<Record<string, unknown>> => {
  const { directory, name = 'test', definition, method, params = {}, signal, onProgress } = ask;
  const message = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { progressToken: 1 } } };
  const said = await post(socket, { directory, name, definition, message, signal, onProgress }, '/mcp-servers');
  const { result, error } = answer.parse(said);
  if (!result) throw new Error(error?.message ?? 'neither a result nor an error');
  return result;
};

export const initialize = {
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};

const toolResult = z.object({
  isError: z.boolean(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
});

/** What came of a call of one of its tools: its text, and whether it failed. */
export const callServer = async (
  socket: string,
  ask: Omit<ServerMessage, 'method' | 'params'> & { tool: string; args?: Record<string, unknown> },
) => {
  const { tool, args = {}, ...rest } = ask;
  const said = await askServer(socket, { ...rest, method: 'tools/call', params: { name: tool, arguments: args } });
  const { isError, content } = toolResult.parse(said);
  return { failed: isError, text: content.map(({ text = '' }) => text).join('\n'), content };
};
