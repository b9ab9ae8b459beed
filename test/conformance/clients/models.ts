// What both apps read of the payloads they get; unknown fields are ignored. The iOS models decode strictly
// (contract §10.1, §10.4).
import * as z from 'zod';

const int = z.int();
/** Its formatter takes a fraction of exactly three digits, or none. */
const isoDate = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)$/);

const missionStatus = z.enum(['active', 'completed', 'failed', 'interrupted', 'blocked', 'not_feasible']);
const historyEntry = z.object({ role: z.string(), content: z.string() });

export const iosMission = z.object({
  id: z.string(),
  status: missionStatus,
  title: z.string().nullish(),
  workspace_id: z.string(),
  workspace_name: z.string().nullish(),
  agent: z.string().nullish(),
  model_override: z.string().nullish(),
  history: z.array(historyEntry),
  created_at: isoDate,
  updated_at: isoDate,
  interrupted_at: isoDate.nullish(),
  resumable: z.boolean(),
});
export type IosMission = z.infer<typeof iosMission>;

export const iosHealth = z.object({
  status: z.literal('ok'),
  auth_required: z.boolean(),
  auth_mode: z.string().nullish(),
  dev_mode: z.boolean(),
});
export const iosLogin = z.object({ token: z.string(), exp: int });
export const iosSent = z.object({ id: z.string(), queued: z.boolean() });
export const iosRunning = z.array(
  z.object({
    mission_id: z.string(),
    state: z.string(),
    queue_len: int,
    history_len: int,
    seconds_since_activity: int,
    expected_deliverables: int,
  }),
);
export const iosQueue = z.array(z.object({ id: z.string(), content: z.string(), agent: z.string().nullable() }));
export const iosWorkspaces = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    workspace_type: z.enum(['host', 'chroot']),
    path: z.string(),
    status: z.enum(['pending', 'building', 'ready', 'error']),
    error_message: z.string().nullish(),
  }),
);
export const iosTasks = z.array(
  z.object({
    id: z.string(),
    status: z.enum(['pending', 'running', 'completed', 'failed', 'cancelled']),
    task: z.string(),
    model: z.string(),
    iterations: int,
    result: z.string().nullish(),
    log: z.array(z.object({ timestamp: z.string(), entry_type: z.string(), content: z.string() })).nullish(),
  }),
);
export const iosRuns = z.object({
  runs: z.array(z.object({ id: z.string(), created_at: z.string(), status: z.string(), input_text: z.string() })),
  limit: int,
  offset: int,
});
export const iosDeleted = z.object({ ok: z.boolean(), deleted: z.string() });
export const iosCleaned = z.object({ ok: z.boolean(), deleted_count: int });

/** The web app is written in TypeScript and checks nothing; these are the fields without which its pages break. */
export const webMission = z.object({
  id: z.string(),
  status: z.string(),
  title: z.string().nullable(),
  workspace_id: z.string(),
  history: z.array(historyEntry),
  resumable: z.boolean().optional(),
});
export type WebMission = z.infer<typeof webMission>;
export const webStored = z.object({
  id: z.number(),
  event_type: z.string(),
  tool_call_id: z.string().nullable(),
  tool_name: z.string().nullable(),
  content: z.string(),
  metadata: z.record(z.string(), z.unknown()),
});
export type WebStored = z.infer<typeof webStored>;
export const webSent = z.object({ id: z.string(), queued: z.boolean() });
export const webRunning = z.array(z.object({ mission_id: z.string(), state: z.string(), queue_len: z.number() }));
