/** Shapes of the JSON API (contract §2.1, §2.2, §6). Unknown request fields are ignored; `null` counts as missing. */
import { z } from 'zod';
import { missionStatus } from './events.ts';
import { missionId, uuid } from './ids.ts';

/** UUIDs from clients may be upper case (Swift prints them so); ours never are. */
const clientUuid = z.string().toLowerCase().pipe(uuid);
const clientMissionId = z.string().toLowerCase().pipe(missionId);
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

export const loginBody = z.object({ password: z.string(), username: optional(z.string()) });
export const createMissionBody = z.object({
  title: optional(z.string().max(500)),
  workspace_id: optional(clientUuid),
  agent: optional(z.string().max(200)),
  model_override: optional(z.string().max(300)),
});
export const messageBody = z.object({
  content: z.string(),
  agent: optional(z.string().max(200)),
  mission_id: optional(clientMissionId),
});
export const statusBody = z.object({ status: missionStatus });
export const resumeBody = z.object({ clean_workspace: optional(z.boolean()) });
export const missionIdParam = clientMissionId;
export const uuidParam = clientUuid;

export interface HistoryEntry {
  role: 'user' | 'assistant';
  content: string;
}

export interface MissionJson {
  id: string;
  status: z.infer<typeof missionStatus>;
  title: string | null;
  workspace_id: string;
  workspace_name?: string;
  agent?: string;
  model_override?: string;
  history: HistoryEntry[];
  created_at: string;
  updated_at: string;
  interrupted_at?: string;
  resumable: boolean;
}

export interface RunningJson {
  mission_id: string;
  state: 'queued' | 'running' | 'waiting_for_tool' | 'finished';
  queue_len: number;
  history_len: number;
  seconds_since_activity: number;
  expected_deliverables: number;
  /** NEW: what the turn does. `quiet`: alive by its host's word, without output since `quiet_since`; never ended for that. */
  turn_state?: 'starting' | 'running' | 'quiet' | 'retrying' | 'waiting' | 'stopping';
  quiet_since?: string;
  /** NEW: set while the server is not heard of; the turn is believed to go on there, and judged when it is back. */
  server_away_since?: string;
}

export interface QueuedJson {
  id: string;
  content: string;
  agent: string | null;
  mission_id: string;
}

export interface StoredEventJson {
  id: number;
  mission_id: string;
  sequence: number;
  event_type: string;
  timestamp: string;
  event_id: string | null;
  tool_call_id: string | null;
  tool_name: string | null;
  content: string;
  metadata: Record<string, unknown>;
}

/** Contract §1.6: three fraction digits and Z, which both clients parse. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();
