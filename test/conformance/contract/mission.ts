// Missions, their stored events, what runs and what waits (contract §2.2, §6).
import * as z from 'zod';
import { count, int, ours, ts, uuid } from './scalars.ts';

export const missionStatus = z.enum(['active', 'completed', 'failed', 'interrupted', 'blocked', 'not_feasible']);

const desktopSession = z.strictObject({
  display: z.string(),
  resolution: z.string().optional(),
  started_at: ts,
  stopped_at: ts.optional(),
  screenshots_dir: z.string().optional(),
  browser: z.string().optional(),
  url: z.string().optional(),
  mission_id: uuid.optional(),
  keep_alive_until: ts.optional(),
});

const missionFields = {
  id: uuid,
  status: missionStatus,
  title: z.string().nullable(),
  workspace_id: uuid,
  agent: z.string().optional(),
  model_override: z.string().optional(),
  history: z.array(
    z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string(), queued: z.literal(true).optional() }),
  ),
  created_at: ts,
  updated_at: ts,
  interrupted_at: ts.optional(),
  resumable: z.boolean(),
  desktop_sessions: z.array(desktopSession).min(1).optional(),
};

/** As create, load, resume and current give it: without the workspace's name. */
export const mission = z.strictObject(missionFields);
/** As the list and get-by-id give it. */
export const namedMission = z.strictObject({ ...missionFields, workspace_name: z.string().optional() });
export type Mission = z.infer<typeof namedMission>;

export const running = z.strictObject({
  mission_id: uuid,
  state: z.enum(['queued', 'running', 'waiting_for_tool', 'finished']),
  queue_len: count,
  history_len: count,
  seconds_since_activity: count,
  expected_deliverables: count,
  ...ours({
    turn_state: z.enum(['starting', 'running', 'quiet', 'retrying', 'waiting', 'stopping']).optional(),
    quiet_since: ts.optional(),
    server_away_since: ts.optional(),
  }),
});
export type Running = z.infer<typeof running>;

export const queued = z.strictObject({
  id: uuid,
  content: z.string(),
  agent: z.string().nullable(),
  ...ours({ mission_id: uuid }),
});

export const progress = z.strictObject({
  total_subtasks: count,
  completed_subtasks: count,
  current_subtask: z.string().nullable(),
  current_depth: count,
});

const treeFields = {
  id: z.string(),
  type: z.string(),
  node_type: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(['pending', 'running', 'completed', 'failed']),
  budget_allocated: int,
  budget_spent: int,
  complexity: z.number().optional(),
  selected_model: z.string().optional(),
};
export interface TreeNode extends z.infer<z.ZodObject<typeof treeFields>> {
  children: TreeNode[];
}
export const treeNode: z.ZodType<TreeNode> = z.lazy(() =>
  z.strictObject({ ...treeFields, children: z.array(treeNode) }).refine((node) => node.type === node.node_type),
);

const stored = <T extends string, M extends z.ZodType>(event_type: T, metadata: M, columns: z.ZodRawShape = {}) =>
  z.strictObject({
    id: int,
    mission_id: uuid,
    sequence: z.int().positive(),
    event_type: z.literal(event_type),
    timestamp: ts,
    event_id: z.null(),
    tool_call_id: z.null(),
    tool_name: z.null(),
    content: z.string(),
    metadata,
    ...columns,
  });

const toolColumns = { tool_call_id: z.string().min(1), tool_name: z.string().min(1), content: z.string() };
const json = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Types and columns of §6.2. */
export const storedEvent = z.discriminatedUnion('event_type', [
  stored('user_message', z.strictObject({ queued: z.boolean() }), { event_id: uuid }),
  stored(
    'assistant_message',
    z.strictObject({
      success: z.boolean(),
      cost_cents: int,
      model: z.string().nullable(),
      shared_files: z.array(z.unknown()).nullable(),
      resumable: z.boolean(),
    }),
    { event_id: uuid },
  ),
  stored('thinking', z.strictObject({ done: z.boolean() })),
  stored('tool_call', z.strictObject({}), { ...toolColumns, content: z.string().refine(json) }),
  stored('tool_result', z.strictObject({}), { ...toolColumns, content: z.string().refine(json) }),
  stored('error', z.strictObject({ resumable: z.boolean() })),
  stored('mission_status_changed', z.strictObject({ status: missionStatus })),
]);
export type StoredEvent = {
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
};
