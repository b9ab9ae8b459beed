/** Shapes of the JSON API (contract §2.1, §2.2, §6). Unknown request fields are ignored; `null` counts as missing. */
import * as z from 'zod';
import { missionStatus } from './events.ts';
import { anyUuid, missionId, uuid } from './ids.ts';
import type { asked, mission, progress, queued, running, storedEvent, tree } from './routes/shapes.ts';

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

/** What answers are made of, as shared/routes/shapes declares it. */
export type MissionJson = z.infer<typeof mission>;
export type HistoryEntry = MissionJson['history'][number];
export type RunningJson = z.infer<typeof running>;
export type AskJson = z.infer<typeof asked>;
export type ProgressJson = z.infer<typeof progress>;
export type AgentTreeNode = z.infer<typeof tree>;
export type QueuedJson = z.infer<typeof queued>;
export type StoredEventJson = z.infer<typeof storedEvent>;

/** Contract §1.6: three fraction digits and Z, which both clients parse. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();
