import * as z from 'zod';
import { missionId } from '../ids.ts';
import { call } from './call.ts';

/** One of OpenCode's agents, as much of it as clients are told; `model` as `provider/model`. */
export const openCodeAgent = z.object({
  name: z.string(),
  mode: z.string(),
  description: z.string().optional(),
  model: z.string().optional(),
  /** OpenCode's own mark: for its inner workings, not for people. */
  hidden: z.boolean(),
});
export type OpenCodeAgent = z.infer<typeof openCodeAgent>;

const toolCall = z.object({ name: z.string(), call_id: z.string(), status: z.string() });

export const openCodeCalls = {
  /** All agents of OpenCode, and the one that missions run which name none. */
  agents: call({
    method: 'opencode.agents',
    does: 'read',
    on: 'opencode',
    who: 'user',
    args: z.object({}),
    reply: z.object({ agents: z.array(openCodeAgent), default_agent: z.string() }),
  }),
  /**
   * The server's OpenCode: what it is and where it listens, never how one logs in there. `error` says why it does not
   * answer.
   */
  state: call({
    method: 'opencode.state',
    does: 'read',
    on: 'opencode',
    who: 'user',
    args: z.object({}),
    reply: z.object({
      /** What it answered; null when it did not. */
      version: z.string().nullable(),
      base_url: z.string().nullable(),
      /** Nothing asks for a permission there. */
      permissive: z.boolean(),
      /** Its program; null where a running one is used instead. */
      path: z.string().nullable(),
      error: z.string().nullable(),
    }),
  }),
  /**
   * What OpenCode itself has of a mission's session (contract §3); `session_status` null where it has no such session.
   */
  diagnostics: call({
    method: 'opencode.diagnostics',
    does: 'read',
    on: 'mission',
    who: 'user',
    args: z.object({ mission: missionId.nullable() }),
    reply: z.object({
      base_url: z.string().nullable(),
      session_id: z.string().nullable(),
      session_status: z
        .object({
          session_id: z.string(),
          session_info: z.unknown(),
          message_count: z.number().int(),
          running_tools: z.array(toolCall),
          completed_tools: z.array(toolCall),
        })
        .nullable(),
      error: z.string().nullable(),
    }),
  }),
};
