/** What answers about missions are made of (contract §2.2, §6). */
import * as z from 'zod';
import { askKind, missionStatus } from '../events.ts';
import { count, time } from './scalars.ts';

const historyEntry = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.string(),
  /** A message whose turn has not started; those stand last. */
  queued: z.literal(true).exactOptional(),
});

export const mission = z
  .object({
    id: z.string(),
    status: missionStatus,
    title: z.string().nullable(),
    workspace_id: z.string(),
    /** In lists and in a mission that was asked for by its id. */
    workspace_name: z.string().exactOptional(),
    agent: z.string().exactOptional(),
    model_override: z.string().exactOptional(),
    history: z.array(historyEntry),
    created_at: time,
    updated_at: time,
    interrupted_at: time.exactOptional(),
    resumable: z.boolean(),
    /** In the list of deleted ones: since when, and when nothing can bring it back any more. */
    deleted_at: time.exactOptional(),
    purged_at: time.exactOptional(),
  })
  .meta({ id: 'Mission' });

export const running = z
  .object({
    mission_id: z.string(),
    state: z.enum(['queued', 'running', 'waiting_for_tool', 'finished']),
    queue_len: count,
    history_len: count,
    seconds_since_activity: count,
    expected_deliverables: count,
    /**
     * What the turn does. `quiet`: alive by its host's word, without output since `quiet_since`; never ended for that.
     */
    turn_state: z.enum(['starting', 'running', 'quiet', 'retrying', 'waiting', 'stopping']).exactOptional(),
    quiet_since: time.exactOptional(),
    /** Set while the server is not heard of; the turn is believed to go on there, and judged when it is back. */
    server_away_since: time.exactOptional(),
  })
  .meta({ id: 'RunningMission' });

/** What a person can answer. `body` is as in the event `request.asked`. */
export const asked = z
  .object({
    id: z.string(),
    kind: askKind,
    mission_id: z.string(),
    tool_call_id: z.string().nullable(),
    parent_call: z.string().exactOptional(),
    asked_at: time,
    body: z.unknown(),
  })
  .meta({ id: 'Question' });

/** What the agent's to-do list says; cancelled entries are not counted. */
export const progress = z
  .object({
    total_subtasks: count,
    completed_subtasks: count,
    current_subtask: z.string().nullable(),
    current_depth: count,
  })
  .meta({ id: 'Progress' });

const treeFields = {
  id: z.string(),
  /** Both spellings, as one existing page reads the second (contract §2.2). */
  type: z.string(),
  node_type: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  /** Cents. */
  budget_allocated: z.number().int(),
  budget_spent: z.number().int(),
  selected_model: z.string().exactOptional(),
};
type Tree = z.infer<z.ZodObject<typeof treeFields>> & { children: Tree[] };
/** The agent and its sub-agents in the last turn. */
export const tree: z.ZodType<Tree> = z
  .object({
    ...treeFields,
    get children() {
      return z.array(tree);
    },
  })
  .meta({ id: 'AgentTree' });

export const queued = z
  .object({ id: z.string(), content: z.string(), agent: z.string().nullable(), mission_id: z.string() })
  .meta({ id: 'QueuedMessage' });

export const storedEvent = z
  .object({
    id: z.number().int(),
    mission_id: z.string(),
    /** Contiguous inside a mission, from 1. */
    sequence: z.number().int().positive(),
    event_type: z.string(),
    timestamp: time,
    event_id: z.string().nullable(),
    tool_call_id: z.string().nullable(),
    tool_name: z.string().nullable(),
    content: z.string(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'StoredEvent' });
