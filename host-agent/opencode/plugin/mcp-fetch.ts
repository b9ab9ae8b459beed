import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { answering } from '../../hands/mcp/answering.ts';
import { handsHost, type Taken } from './mcp-entries.ts';
import { away, cut, post } from './post.ts';

export interface McpFetchParts {
  socket: string;
  clock: Clock;
  /** Bun's own. */
  fetch: typeof fetch;
  /** By the address that OpenCode has for it. */
  taken: ReadonlyMap<string, Taken>;
  /** OpenCode's session and call of a call of this tool. */
  callerOf(directory: string, server: string, tool: string, args: unknown): Caller | undefined;
}

interface Caller {
  session: string;
  call: string;
}

const id = z.union([z.string(), z.number()]);
const sentMessage = z.object({ id: id.optional(), method: z.string(), params: z.looseObject({}).optional() });
const cancelled = z.object({ method: z.literal('notifications/cancelled'), params: z.object({ requestId: id }) });
const called = z.object({
  method: z.literal('tools/call'),
  params: z.object({ name: z.string(), arguments: z.unknown() }),
});

/**
 * Why a server could not be begun with, by its address: OpenCode tries the older way next, and keeps what that says.
 */
type Failures = Map<string, string>;

/**
 * OpenCode's `fetch` with one more host: what its MCP client sends there goes to the hands, by their unix socket.
 * Nothing listens on a port for it, and no process is started. Everything else is as it was.
 */
export const fetchWithHands = (parts: McpFetchParts): typeof fetch => {
  const running = new Map<string, AbortController>();
  const failures: Failures = new Map();
  const take = async (address: string, init: RequestInit | undefined): Promise<Response> => {
    const taken = parts.taken.get(address);
    if (!taken) return new Response('There is no such MCP server.', { status: 404 });
    if (init?.method !== 'POST') {
      const why = failures.get(address);
      // With an error its text is what OpenCode says of the server.
      if (why !== undefined) throw new Error(why);
      return new Response('There are no other streams here.', { status: 405 });
    }
    const message: unknown = JSON.parse(z.string().parse(init.body));
    const { id, method } = sentMessage.parse(message);
    const keyOf = (request: string | number): string => JSON.stringify([address, request]);
    if (id === undefined) {
      const stops = cancelled.safeParse(message).data?.params.requestId;
      if (stops !== undefined) running.get(keyOf(stops))?.abort(); // The end of its request is what the hands go by.
      return new Response(null, { status: 202 });
    }
    const stop = new AbortController();
    running.set(keyOf(id), stop);
    init.signal?.addEventListener('abort', () => stop.abort(), { once: true });
    const over = (): void => {
      if (running.get(keyOf(id)) === stop) running.delete(keyOf(id));
    };
    const failed = (text: string): void => {
      if (method === 'initialize') failures.set(address, text);
    };
    failures.delete(address);
    try {
      const said = await send(parts, taken, message, new Headers(init.headers), stop.signal);
      if (!said.ok || !said.body) {
        const text = await said.text();
        over();
        failed(text);
        return new Response(text, { status: said.status });
      }
      const body = answering(said.body, {
        id,
        signal: stop.signal,
        cut,
        over: (error) => {
          over();
          if (error !== undefined) failed(error);
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    } catch (error) {
      over();
      failed(error instanceof Error ? error.message : away);
      throw error;
    }
  };
  return new Proxy(parts.fetch, {
    apply: (own, self, [input, init]: Parameters<typeof fetch>) => {
      const address = addressOf(input);
      return address === undefined ? Reflect.apply(own, self, [input, init]) : take(address, init);
    },
  });
};

/** Undefined for every other host. */
const addressOf = (input: Parameters<typeof fetch>[0]): string | undefined => {
  const text = input instanceof URL ? input.href : typeof input === 'string' ? input : input.url;
  return text.startsWith(`http://${handsHost}/`) ? text : undefined;
};

const send = (
  { socket, clock, fetch: own, callerOf }: McpFetchParts,
  { directory, name, definition }: Taken,
  message: unknown,
  headers: Headers,
  signal: AbortSignal,
): Promise<Response> => {
  const call = called.safeParse(message).data?.params;
  const caller = call && callerOf(directory, name, call.name, call.arguments);
  const version = headers.get('mcp-protocol-version');
  return post(
    {
      socket,
      path: '/mcp-servers',
      body: JSON.stringify({ directory, name, definition, message, caller }),
      headers: version === null ? {} : { 'mcp-protocol-version': version },
      signal,
      clock,
    },
    own,
  );
};
