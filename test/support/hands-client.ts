// Calls tools of the hands as the plug-in in OpenCode does.
import { once } from 'node:events';
import { IncomingMessage, request } from 'node:http';
import * as z from 'zod';
import { type Ask, outcome } from '../../host-agent/hands/call/outcome.ts';

let calls = 0;

export interface ToolCall {
  tool: string;
  args?: Record<string, unknown>;
  directory: string;
  call?: string;
  session?: string;
  granted?: readonly Ask[];
  signal?: AbortSignal;
  /** Called for each `notifications/progress`. */
  onProgress?: (progress: unknown) => void;
}

/** Calls a tool by MCP. Rejects when the connection breaks; a refusal of MCP itself is thrown with its message. */
export const callTool = async (socket: string, call: ToolCall) => {
  const said = await post(socket, {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: call.tool,
      arguments: call.args ?? {},
      _meta: {
        directory: call.directory,
        session: call.session ?? 'ses_1',
        message: 'msg_1',
        call: call.call ?? `call_${++calls}`,
        agent: 'build',
        granted: call.granted ?? [],
        progressToken: 'p',
      },
    },
    signal: call.signal,
    onProgress: call.onProgress,
  });
  const { result, error } = z
    .object({ result: toolResult.optional(), error: z.object({ message: z.string() }).optional() })
    .parse(said);
  if (!result) throw new Error(error?.message ?? 'neither a result nor an error');
  return result;
};

const toolResult = z.object({
  content: z.array(z.object({ type: z.string(), text: z.string().optional(), mimeType: z.string().optional() })),
  isError: z.boolean(),
  structuredContent: outcome,
});

export interface Posted {
  [name: string]: unknown;
  signal?: AbortSignal;
  onProgress?: (progress: unknown) => void;
}

/** Posts a message of MCP; resolves with the one that answers it. Rejects with what else is answered. */
export const post = async (
  socketPath: string,
  { signal, onProgress, ...message }: Posted,
  path = '/mcp',
): Promise<unknown> => {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const asked = request({ socketPath, path, method: 'POST', headers, agent: false, signal });
  asked.end(JSON.stringify(message));
  const [response] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(asked, 'response'));
  let text = '';
  for await (const piece of response.setEncoding('utf8')) {
    text += piece;
    if (response.statusCode !== 200) continue;
    for (let at = text.indexOf('\n\n'); at !== -1; at = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, at))?.[1];
      text = text.slice(at + 2);
      if (data === undefined) continue; // A comment, by which the connection is kept.
      const said = z
        .looseObject({ method: z.string().optional(), params: z.unknown().optional() })
        .parse(JSON.parse(data));
      if (said.method === undefined) return said;
      onProgress?.(said.params);
    }
  }
  throw new Error(`answered ${response.statusCode}: ${text}`);
};
