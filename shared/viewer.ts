/**
 * Between the Worker and the object: one hibernating socket per stream and server (protocol §5).
 *
 * Object → Worker, one text frame per batch: a header line (JSON, or empty when nothing in it changed), LF, then
 * ready-made SSE bytes which the Worker forwards. Worker → object: `more` (there is room for the next page of
 * a replay) and literal `ping`, answered `pong` by the runtime.
 */
import * as z from 'zod';

const missionActivity = z.object({
  mission_id: z.string(),
  state: z.enum(['idle', 'running', 'waiting_for_tool']),
  queue_len: z.number().int().nonnegative(),
});
export type MissionActivity = z.infer<typeof missionActivity>;

export const viewerHeader = z.object({
  /** Position after this frame. */
  cursor: z.string(),
  /** `replay`: send `more` for the next page; `live`: frames come by themselves. */
  mode: z.enum(['replay', 'live']),
  /** The cursor asked for is not valid here: the client starts from the snapshot in this frame. */
  reset: z.boolean(),
  /** Missions whose run state or queue changed in this frame; what the Worker writes `status` events from. */
  changed: z.array(missionActivity),
  /** All missions of this audience that run or have a queue. */
  running: z.array(missionActivity),
  /** None any more: the user's account says errors of the user. An older Worker asks for the field. */
  errors: z.array(z.string()),
});
export type ViewerHeader = z.infer<typeof viewerHeader>;

export const rendering = z.enum(['default', 'delta']);
export type Rendering = z.infer<typeof rendering>;
