/** What the commands read of the JSON API's answers. */
import * as z from 'zod';
import { askKind, missionStatus } from '../../../shared/events.ts';

/** `--json` passes on what else an edge says. */
export const missionJson = z.looseObject({
  id: z.string(),
  status: missionStatus,
  title: z.string().nullable(),
  workspace_name: z.string().optional(),
  agent: z.string().optional(),
  model_override: z.string().optional(),
  history: z.array(z.object({ role: z.enum(['user', 'assistant']), content: z.string() })),
  created_at: z.string(),
  updated_at: z.string(),
  deleted_at: z.string().optional(),
  purged_at: z.string().optional(),
});
export type Mission = z.infer<typeof missionJson>;

export const runningJson = z.object({ mission_id: z.string(), state: z.string() });

export const sentJson = z.object({ id: z.string(), queued: z.boolean() });

export const askJson = z.object({ id: z.string(), kind: askKind, mission_id: z.string(), body: z.unknown() });

export const storedEventJson = z.object({
  id: z.number(),
  event_type: z.string(),
  event_id: z.string().nullable(),
  tool_call_id: z.string().nullable(),
  tool_name: z.string().nullable(),
  content: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});
export type StoredEvent = z.infer<typeof storedEventJson>;

export const done = z.object({ ok: z.literal(true) });
