/**
 * What the hands want of an MCP server, and what comes of it: the same whether it runs in an actor, where this travels
 * as a call and is checked on both sides, or is reached by the hands themselves.
 */
import * as z from 'zod';
import { mcpServer } from './definition.ts';

/** The name under which an actor does this; no model is offered it. */
export const mcpWork = 'mcp-server';

const parameters = z.record(z.string(), z.unknown());

export const serverAsk = z.discriminatedUnion('do', [
  /** Start or reach it where that was not done yet. */
  z.object({ do: z.literal('open'), server: mcpServer }),
  z.object({
    do: z.literal('request'),
    server: mcpServer,
    method: z.string(),
    params: parameters.optional(),
    /** Nothing is started for it. */
    onlyIfOpen: z.boolean(),
  }),
  /** Cut a text that is too long for a model, and put all of it into the mission's `temp`. */
  z.object({ do: z.literal('fit'), name: z.string(), text: z.string() }),
]);
export type ServerAsk = z.infer<typeof serverAsk>;

/** What an MCP server says of itself when it is begun with. */
export const serverInfo = z.object({
  name: z.string(),
  version: z.string(),
  capabilities: z.record(z.string(), z.unknown()),
  instructions: z.string().optional(),
});
export type ServerInfo = z.infer<typeof serverInfo>;

export const serverReply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), info: serverInfo }),
  z.object({
    kind: z.literal('result'),
    result: parameters,
    /** How many calls of tools it had before this request, since it was started or reached. */
    calls: z.int().nonnegative(),
    /** It was ended in between, because nobody used it, and started or reached once more. */
    isAgain: z.boolean(),
  }),
  z.object({ kind: z.literal('not open') }),
  /** The server itself says that it does not do it. */
  z.object({ kind: z.literal('refused'), code: z.int(), message: z.string() }),
  /** It can't be had, or was lost: why, and the same as a sentence for the model. */
  z.object({ kind: z.literal('failed'), reason: z.string(), text: z.string() }),
  z.object({ kind: z.literal('fitted'), text: z.string() }),
]);
export type ServerReply = z.infer<typeof serverReply>;

/** What it says beside its answers. */
export const serverTold = z.discriminatedUnion('told', [
  /** One of its lists is another one now: the name of MCP's notification. */
  z.object({ told: z.literal('changed'), method: z.string() }),
  /** It printed this for people. */
  z.object({ told: z.literal('printed'), text: z.string() }),
]);
export type ServerTold = z.infer<typeof serverTold>;
