/** The hands as a server of MCP: which tools there are, and a call of one. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  CancelledNotificationSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { callMeta } from '../call/caller.ts';
import type { Calls } from '../calls.ts';
import type { Declared } from '../declared/declared.ts';
import { progressOf } from './progress.ts';
import { resultOf } from './result.ts';

export interface McpParts {
  calls: Calls;
  /** Those that are listed. */
  tools: readonly Declared[];
  /** What only our plug-in asks for; nobody watches these calls. */
  unlisted?: readonly Declared[];
  version: string;
  clock: Clock;
}

/** Makes a server for each request: without a session there is nothing to lose when a process ends. */
export const mcpServers = ({ calls, tools, unlisted = [], version, clock }: McpParts): (() => Server) => {
  const quiet = new Set(unlisted.map(({ name }) => name));
  const names = new Set([...tools.map(({ name }) => name), ...quiet]);
  const listed = tools.map(listedTool);

  return () => {
    const server = new Server(
      { name: 'open-agent-hands', version },
      { capabilities: { tools: {} }, jsonSchemaValidator: asksNothing },
    );
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification, _meta }) => {
      const { name: tool, arguments: args = {} } = params;
      if (!names.has(tool)) throw new McpError(ErrorCode.InvalidParams, `There is no tool "${tool}" here`);
      const meta = callMeta.safeParse(params._meta);
      if (!meta.success)
        throw new McpError(ErrorCode.InvalidParams, `_meta says not who calls: ${z.prettifyError(meta.error)}`);
      const { printed, end } = progressOf(_meta?.progressToken, sendNotification, clock);
      try {
        return resultOf(await calls.run({ ...meta.data, tool, args, signal, printed, isQuiet: quiet.has(tool) }));
      } finally {
        end();
      }
    });
    // The SDK's own looks among the calls of this server, which has one request; so it says in `_meta` which call.
    server.setNotificationHandler(CancelledNotificationSchema, ({ params }) => {
      const call = calledBefore.safeParse(params._meta);
      if (call.success) calls.stop(call.data);
    });
    return server;
  };
};

const calledBefore = callMeta.pick({ session: true, message: true, call: true });

const listedTool = ({ name, description, args }: Declared): Tool => ({
  name,
  description,
  inputSchema: inputSchema.parse(z.toJSONSchema(z.object(args), { io: 'input', target: 'draft-7' })),
});

const inputSchema = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  required: z.array(z.string()).optional(),
});

/** The SDK's own would be made, with all of Ajv, for questions to a client, which hands never ask. */
const asksNothing = {
  getValidator: () => {
    throw new Error('the hands ask their clients nothing');
  },
};
