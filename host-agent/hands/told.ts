/** What the hands tell whoever follows what they do, a JSON object a line, on the control socket. */
import * as z from 'zod';
import { view } from './call/view.ts';
import { standing } from './mcp/standing.ts';

const ofCall = {
  /** Grows by each line; a reader comes back with the last one it has. */
  number: z.int().positive(),
  at: z.int(),
  owner: z.string(),
  mission: z.string(),
  session: z.string(),
  message: z.string(),
  call: z.string(),
};

/** One thing that happened to a call. */
export const handsEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begun'), ...ofCall, tool: z.string() }),
  /**
   * It printed something; `off` is how much before it (UTF-16 units of what is shown here). Absent: hands of an older
   * version, which stay until OpenCode is started again.
   */
  z.object({ type: z.literal('output'), ...ofCall, off: z.int().nonnegative().optional(), text: z.string() }),
  z.object({
    type: z.literal('ended'),
    ...ofCall,
    how: z.enum(['done', 'asks', 'failed']),
    title: z.string().optional(),
    view: view.optional(),
  }),
]);
export type HandsEvent = z.infer<typeof handsEvent>;

export const handsLine = z.union([
  /** The first: which life of the hands this is. A number of another one means nothing here. */
  z.object({ type: z.literal('hello'), run: z.string(), last: z.int().nonnegative() }),
  /** Something before the next line is not kept any more: of an owner, or (null) of several. */
  z.object({ type: z.literal('gap'), owner: z.string().nullable() }),
  handsEvent,
]);
export type HandsLine = z.infer<typeof handsLine>;

export const handsHealth = z.object({
  version: z.string(),
  pid: z.int().positive(),
  missions: z.int().nonnegative(),
  /** That run now. */
  calls: z.int().nonnegative(),
  actors: z.int().nonnegative(),
  /** How it stands with MCP servers of the configuration that were used; hands of before do not say it. */
  mcp: z.array(standing).default([]),
});
export type HandsHealth = z.infer<typeof handsHealth>;
