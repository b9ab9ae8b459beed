import { z } from 'zod';
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

/** All agents of OpenCode, and the one that missions run which name none. */
export const openCodeAgents = call(
  'opencode.agents',
  z.object({}),
  z.object({ agents: z.array(openCodeAgent), default_agent: z.string() }),
);

/** The server's OpenCode: what it is and where it listens, never how one logs in there. `error` says why it does not answer. */
export const openCodeState = call(
  'opencode.state',
  z.object({}),
  z.object({
    /** What it answered; null when it did not. */
    version: z.string().nullable(),
    base_url: z.string().nullable(),
    /** Nothing asks for a permission there. */
    permissive: z.boolean(),
    /** Its program; null where a running one is used instead. */
    path: z.string().nullable(),
    error: z.string().nullable(),
  }),
);

const toolCall = z.object({ name: z.string(), call_id: z.string(), status: z.string() });

/** What OpenCode itself has of a mission's session (contract §3); `session_status` null where it has no such session. */
export const openCodeDiagnostics = call(
  'opencode.diagnostics',
  z.object({ mission: missionId.nullable() }),
  z.object({
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
);
