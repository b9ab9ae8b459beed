import { createParser } from 'eventsource-parser';
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { type Caller, printedMeta } from '../../hands/call/caller.ts';
import { outcome } from '../../hands/call/outcome.ts';
import type { Call } from './hands-tool.ts';
import { cut, post } from './post.ts';
import type { Printed } from './printed.ts';

/** What it has printed since; other progress only keeps the connection alive. */
const printing = z.object({ method: z.literal('notifications/progress'), params: z.object({ _meta: printedMeta }) });

/** The answer to a call. */
const answer = z.union([
  z.object({ id: z.literal(1), result: z.object({ structuredContent: outcome }) }),
  z.object({ id: z.literal(1), error: z.object({ message: z.string() }) }),
]);
type Answer = z.infer<typeof answer>;
const hasId = z.object({ id: z.literal(1) });

const strange =
  'The tools of this server answered something that OpenCode has no use for: they may be of another version. Tell the ' +
  'person to restart Open Agent on the server. What the call did is not known: look at what is there now.';

/**
 * Calls tools of the hands by MCP (streamable HTTP) on their unix socket, one request a call: its end is how a call is
 * cancelled. Only a connection that did not come about is tried again, so that nothing is done twice.
 */
export const callHands =
  (socket: string, clock: Clock): Call =>
  async (name, args, caller, signal, printed) => {
    const response = await post({ socket, path: '/mcp', body: requestOf(name, args, caller), signal, clock });
    if (!response.ok || !response.body) throw new Error(`The tools refused this call: ${await response.text()}`);
    const found = await read(response.body, signal, printed);
    if (found === null) throw new Error(cut);
    if ('error' in found) throw new Error(found.error.message);
    return found.result.structuredContent;
  };

const requestOf = (name: string, args: unknown, caller: Caller): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    // With a token for progress the hands say every ten seconds that they are still there.
    params: { name, arguments: args, _meta: { ...caller, progressToken: 1 } },
  });

/** Null where the stream ends without an answer. */
const read = async (
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  printed: Printed | undefined,
): Promise<Answer | null> => {
  const messages: unknown[] = [];
  const parser = createParser({ onEvent: ({ data }) => messages.push(JSON.parse(data)) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return null;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const message of messages.splice(0)) {
        const piece = printing.safeParse(message).data?.params._meta.printed;
        if (piece) printed?.add(piece);
        if (!hasId.safeParse(message).success) continue;
        const { success, data } = answer.safeParse(message);
        if (!success) throw new Error(strange);
        return data;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && error.message === strange) throw error;
    return null; // The connection broke.
  }
};
