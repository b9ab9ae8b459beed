import * as z from 'zod';
import { requestId } from './events.ts';
import { commandId, missionId } from './ids.ts';

/**
 * What the host needs to open a mission it has never seen; carried by every message, so order of arrival never matters.
 */
export const missionSpec = z.object({
  owner: z.string(),
  workspace: z.string(),
  title: z.string().nullable(),
  /** What all that the owner has on the server may hold (shared/quotas); an older edge does not say. */
  place_bytes: z.number().int().nonnegative().optional(),
});

/** What a person said to an open request; null `answers` dismiss the question. */
export const askAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('question'), request: requestId, answers: z.array(z.array(z.string())).nullable() }),
  z.object({
    kind: z.literal('permission'),
    request: requestId,
    reply: z.enum(['once', 'always', 'reject']),
    /** With a rejection: the agent reads it and goes on. Without one its turn stops. */
    message: z.string().nullable(),
  }),
]);
export type AskAnswer = z.infer<typeof askAnswer>;

/**
 * Orders: commands about a mission as a whole. `mission.archive` frees what an idle mission holds on its server,
 * `mission.delete` removes everything that it has there. Done twice is done once.
 */
export const orderKinds = ['mission.archive', 'mission.delete'] as const;
export type OrderKind = (typeof orderKinds)[number];
const order = <Kind extends OrderKind>(kind: Kind) =>
  z.object({
    kind: z.literal(kind),
    id: commandId,
    mission: missionId,
    at: z.number().int().nonnegative(),
    /** An older edge does not say whose mission it is; its files are removed in its owner's place. */
    args: z.object({
      workspace: z.string(),
      owner: z.string().optional(),
      /** It is in the trash: what its agents left running ends. */
      deleted: z.boolean().optional(),
    }),
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
  /** The answer to an open request: it waits for no turn and is none. */
  z.object({
    kind: z.literal('answer'),
    id: commandId,
    mission: missionId,
    at: z.number().int().nonnegative(),
    args: askAnswer,
  }),
  order('mission.archive'),
  order('mission.delete'),
]);
export type Command = z.infer<typeof command>;
export type MessageCommand = Extract<Command, { kind: 'message' }>;
export type AnswerCommand = Extract<Command, { kind: 'answer' }>;
export type OrderCommand = Extract<Command, { kind: OrderKind }>;

/**
 * Enough of any command, of whatever version, to say that it was received and then failed (protocol §2). One about a
 * workspace is of no mission.
 */
export const commandEnvelope = z.looseObject({ id: commandId, mission: missionId.nullable(), kind: z.string() });
export type CommandEnvelope = z.infer<typeof commandEnvelope>;

/**
 * States of a command that has no end yet, in the order in which it comes to them. Nothing sets `accepted` any more:
 * OpenCode's taking it is an event of the turn. Tables and their indexes name it, so it stays readable.
 */
export const openStates = ['kept', 'sent', 'received', 'accepted', 'running'] as const;

/** States a user can see (protocol §4): the open ones and five ends. */
export const commandState = z.enum([...openStates, 'finished', 'failed', 'interrupted', 'expired', 'lost']);
export type CommandState = z.infer<typeof commandState>;

const inFlight: ReadonlySet<string> = new Set(openStates.filter((state) => state !== 'kept'));

/** True from the moment the edge may have told the host until the command's end is in the log. */
export const isInFlight = (state: CommandState | 'removed'): boolean => inFlight.has(state);

/** The same from the moment the host has confirmed that it has the command. */
export const isWithHost = (state: CommandState | 'removed'): boolean => state !== 'sent' && inFlight.has(state);
