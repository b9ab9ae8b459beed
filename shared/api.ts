/** Shapes of the JSON API (contract §2.1, §2.2, §6). Unknown request fields are ignored; `null` counts as missing. */
import { z } from 'zod';
import { type AskKind, missionStatus } from './events.ts';
import { anyUuid, missionId, uuid } from './ids.ts';

const ofClient = anyUuid('must be a UUID');
const clientUuid = ofClient.pipe(uuid);
const clientMissionId = ofClient.pipe(missionId);
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
/** `was`: the text that is to be replaced, for a client that must not overwrite another's edit. */
export const editBody = z.object({ content: z.string(), was: optional(z.string()) });
export const parallelBody = z.object({ content: z.string() });
export const statusBody = z.object({ status: missionStatus });
export const resumeBody = z.object({ clean_workspace: optional(z.boolean()) });
export const missionIdParam = clientMissionId;
export const uuidParam = clientUuid;

/** Of the web app's form for a `question`: `{answers}`, or the answers alone (contract §2.2). */
export const toolResultBody = z
  .object({ tool_call_id: z.string().max(200), name: z.string().max(200), result: z.unknown() })
  .refine((body) => body.result !== undefined, { path: ['result'], error: 'is missing' });
/** One array of labels, or free texts, for each question. */
export const questionAnswers = z.array(z.array(z.string()));
export const permissionBody = z.object({
  reply: z.enum(['once', 'always', 'reject']),
  message: optional(z.string().max(10_000)),
});
export const questionBody = z.union([z.object({ answers: questionAnswers }), z.object({ reject: z.literal(true) })]);

export interface HistoryEntry {
  role: 'user' | 'assistant';
  content: string;
  /** NEW: a message whose turn has not started; those stand last. */
  queued?: true;
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

/** NEW: what a person can answer. `body` is as in the event `request.asked` (shared/events.ts). */
export interface AskJson {
  id: string;
  kind: AskKind;
  mission_id: string;
  tool_call_id: string | null;
  parent_call?: string;
  asked_at: string;
  body: unknown;
}

/** What the agent's to-do list says; cancelled entries are not counted. Depth 0: the list is that of the mission's own agent. */
export interface ProgressJson {
  total_subtasks: number;
  completed_subtasks: number;
  current_subtask: string | null;
  current_depth: number;
}

/** Budgets in cents. Both spellings of the type, as the history page reads the second (contract §2.2). */
export interface AgentTreeNode {
  id: string;
  type: string;
  node_type: string;
  name: string;
  description: string;
  status: 'pending' | 'running' | 'completed' | 'failed';
  budget_allocated: number;
  budget_spent: number;
  selected_model?: string;
  children: AgentTreeNode[];
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
