// The events of the control stream and their fields (contract §4.2).
import * as z from 'zod';
import { missionStatus, treeNode } from './mission.ts';
import { count, int, uuid } from './scalars.ts';

const event = <T extends string>(type: T, fields: z.ZodRawShape) =>
  z.strictObject({ type: z.literal(type), ...fields, mission_id: uuid.optional() });

const sharedFile = z.strictObject({
  name: z.string(),
  url: z.string(),
  content_type: z.string(),
  size_bytes: int.optional(),
  kind: z.enum(['image', 'document', 'archive', 'code', 'other']),
});

export const streamEvent = z.discriminatedUnion('type', [
  event('status', { state: z.enum(['idle', 'running', 'waiting_for_tool']), queue_len: count }),
  event('user_message', { id: uuid, content: z.string(), queued: z.boolean() }),
  event('assistant_message', {
    id: uuid,
    content: z.string(),
    success: z.boolean(),
    cost_cents: int,
    model: z.string().nullable(),
    shared_files: z.array(sharedFile).optional(),
    resumable: z.literal(true).optional(),
  }),
  event('thinking', { content: z.string(), done: z.boolean() }),
  event('tool_call', { tool_call_id: z.string().min(1), name: z.string().min(1), args: z.looseObject({}) }),
  event('tool_result', {
    tool_call_id: z.string().min(1),
    name: z.string().min(1),
    result: z.unknown().refine((result) => result !== undefined),
  }),
  event('error', { message: z.string().min(1), resumable: z.literal(true).optional() }),
  event('mission_status_changed', { mission_id: uuid, status: missionStatus, summary: z.string().nullable() }),
  event('agent_phase', { phase: z.string(), detail: z.string().nullable(), agent: z.string().nullable() }),
  event('agent_tree', { tree: treeNode }),
  event('progress', {
    total_subtasks: count,
    completed_subtasks: count,
    current_subtask: z.string().nullable(),
    depth: count,
  }),
]);

/** Phrases by which both apps take an error for connection trouble (§4.4): never in an error about anything else. */
export const connectionPhrases =
  /Stream connection failed|Stream ended|sse connection|event stream|^(timed out|connection reset|connection closed)$/i;
