/** A connection to one MCP server, as a client of it. */

import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ErrorCode, ListRootsRequestSchema, McpError, ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { ServerInfo, ServerTold } from './asked.ts';

/** A way to an MCP server. One that is a process also says: */
export interface ServerTransport extends Transport {
  /** How it ended, in words; null while it runs. */
  ended?(): string | null;
  /** What it printed last for people. */
  printed?(): string;
  /** Called with what it prints for people. */
  onprinted?: (text: string) => void;
}

export interface Connection {
  info: ServerInfo;
  /** How many calls of tools there were. */
  calls(): number;
  /**
   * Resolves with what it answers. Rejects with `McpError` where it refuses, with `ServerLost` where it ended before,
   * and with the signal's reason.
   */
  request(method: string, params: Record<string, unknown> | undefined, signal: AbortSignal): Promise<ServerResult>;
  /** Who is told what it says beside answers; the result ends that. */
  listen(tell: (told: ServerTold) => void): () => void;
  /** Whether it answers at all within a limit. */
  answers(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
  closed: Promise<void>;
}
export type ServerResult = Record<string, unknown>;

/** It ended, or said what nobody may, before it answered. The message is what is known of that. */
export class ServerLost extends Error {}

/** The largest a timer takes, 24 days: a call has no limit, and the SDK's client wants one. */
const noLimitMs = 2 ** 31 - 1;
/** What it printed while nobody called is told with the next call, as much as explains a failure. */
const keptChars = 4_000;

export interface OpenOptions {
  directory: string;
  limitMs: number;
  /** Ours. */
  version: string;
  signal: AbortSignal;
}

/**
 * Says hello by `transport`; an MCP server that wants to know where it works is told `directory`. Rejects where it does
 * not answer within `limitMs`, with what is known of why.
 */
export const openConnection = async (
  transport: ServerTransport,
  { directory, limitMs, version, signal }: OpenOptions,
): Promise<Connection> => {
  const client = new Client(
    { name: 'open-agent', version },
    { capabilities: { roots: {} }, jsonSchemaValidator: checksNothing },
  );
  const listeners = new Set<(told: ServerTold) => void>();
  let unheard = '';
  const tell = (told: ServerTold): void => {
    if (told.told === 'printed' && listeners.size === 0) unheard = (unheard + told.text).slice(-keptChars);
    for (const listener of listeners) listener(told);
  };
  transport.onprinted = (text) => tell({ told: 'printed', text });
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: pathToFileURL(directory).href }] }));
  client.fallbackNotificationHandler = async ({ method }) => {
    if (method.endsWith('/list_changed')) tell({ told: 'changed', method });
  };
  const closed = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  try {
    await client.connect(transport, { timeout: limitMs, signal });
  } catch (error) {
    await client.close();
    const isLate = error instanceof McpError && error.code === ErrorCode.RequestTimeout;
    throw new ServerLost(isLate ? late(limitMs, transport) : whyLost(error, transport), { cause: error });
  }
  let calls = 0;
  const { name = 'unnamed', version: itsVersion = '' } = client.getServerVersion() ?? {};
  const info = { name, version: itsVersion, capabilities: { ...client.getServerCapabilities() } };
  return {
    info: { ...info, instructions: client.getInstructions() },
    calls: () => calls,
    request: async (method, params, signal) => {
      if (method === 'tools/call') calls += 1;
      try {
        // With a listener for progress it is asked for that, which some servers do more carefully then.
        const options = { signal, timeout: noLimitMs, onprogress: () => undefined };
        return await client.request({ method, params }, ResultSchema, options);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof McpError && error.code !== ErrorCode.ConnectionClosed) throw error;
        throw new ServerLost(whyLost(error, transport), { cause: error });
      }
    },
    listen: (listener) => {
      listeners.add(listener);
      if (unheard !== '') listener({ told: 'printed', text: unheard });
      unheard = '';
      return () => listeners.delete(listener);
    },
    answers: (withinMs) =>
      client.request({ method: 'ping' }, ResultSchema, { timeout: withinMs }).then(
        () => true,
        (error: unknown) => error instanceof McpError && error.code === ErrorCode.MethodNotFound,
      ),
    close: () => client.close(),
    closed,
  };
};

const late = (limitMs: number, transport: ServerTransport): string =>
  `it did not answer within ${limitMs / 1000} s ("timeout" of its entry says how long it may take)${lastWords(transport)}`;

const whyLost = (error: unknown, transport: ServerTransport): string =>
  `${transport.ended?.() ?? (error instanceof Error ? error.message : error)}${lastWords(transport)}`;

const lastWords = (transport: ServerTransport): string => {
  const printed = transport.printed?.().trim() ?? '';
  return printed === '' ? '' : `. What it printed last: ${printed}`;
};

/** The SDK's own would be made with all of Ajv; results are for OpenCode to look at. */
const checksNothing = {
  getValidator: () => {
    throw new Error('results of MCP servers are passed on as they are');
  },
};
