import { z } from 'zod';
import { commandId, missionId } from './ids.ts';

/** What the host needs to open a mission it has never seen; carried by every message, so order of arrival never matters. */
export const missionSpec = z.object({
  owner: z.string(),
  workspace: z.string(),
  title: z.string().nullable(),
});

/**
 * A command as the edge sends it. `at` (edge milliseconds) never changes when the command is sent again: together
 * with `id` it yields OpenCode's message id, so a repeated prompt is the same prompt.
 */
export const command = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('message'),
    id: commandId,
    mission: missionId,
    at: z.number().int().nonnegative(),
    args: z.object({
      spec: missionSpec,
      content: z.string(),
      agent: z.string().nullable(),
      /** `provider/model`, split at the first slash; null leaves the choice to OpenCode's configuration. */
      model: z.string().nullable(),
      /** Empty the mission directory first (contract §5.6 `clean_workspace`). */
      clean: z.boolean(),
    }),
  }),
]);
export type Command = z.infer<typeof command>;
export type MessageCommand = Extract<Command, { kind: 'message' }>;

/** Enough of any command, of whatever version, to say that it was received and then failed (protocol §2). */
export const commandEnvelope = z.looseObject({ id: commandId, mission: missionId, kind: z.string() });
export type CommandEnvelope = z.infer<typeof commandEnvelope>;

/** States a user can see (protocol §4); the last five are ends. */
export const commandState = z.enum([
  'kept',
  'sent',
  'received',
  'accepted',
  'running',
  'finished',
  'failed',
  'interrupted',
  'expired',
  'lost',
]);
export type CommandState = z.infer<typeof commandState>;

/** True from the moment the edge may have told the host until the command's end is in the log. */
export const isInFlight = (state: CommandState): boolean =>
  state === 'sent' || state === 'received' || state === 'accepted' || state === 'running';
