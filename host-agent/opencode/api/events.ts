/**
 * What we understand of OpenCode's events (opencode §7). Everything else is ignored: a new type or field must not stop
 * us. Durable facts come with a `seq` per session, live or from the history; the rest is live only.
 */
import * as z from 'zod';
import { storedView } from '../../../shared/tool-view.ts';
import { id, ifReadable, json, listOf, name, path, stepUsage, text, words } from './in-range.ts';

export const openCodeError = z.object({
  name: name.catch('UnknownError'),
  data: ifReadable(z.object({ message: ifReadable(text), statusCode: ifReadable(z.number()) })),
});
export type OpenCodeError = z.infer<typeof openCodeError>;

export const session = z.object({
  id,
  directory: z.string(),
  /** Of OpenCode's clock, milliseconds: which of two sessions has rested longer is all that is made of it. */
  time: ifReadable(z.object({ updated: z.number() })),
  parentID: ifReadable(id),
  /** Rules of its own, the last that fits wins (opencode §10.3). */
  permission: z
    .array(z.object({ permission: z.string(), pattern: z.string(), action: z.string() }))
    .optional()
    .catch(undefined),
  metadata: ifReadable(z.record(z.string(), z.unknown())),
});
export type Session = z.infer<typeof session>;

const userMessage = z.object({ role: z.literal('user'), id });
const assistantMessage = z.object({
  role: z.literal('assistant'),
  id,
  parentID: z.string(),
  providerID: name,
  modelID: name,
  finish: ifReadable(z.string()),
  error: openCodeError.optional(),
  time: z.object({ completed: ifReadable(z.number()) }),
});
const message = z.discriminatedUnion('role', [userMessage, assistantMessage]);
export type Message = z.infer<typeof message>;
export type AssistantMessage = z.infer<typeof assistantMessage>;

const inMessage = { id, messageID: id };
const period = ifReadable(z.object({ end: ifReadable(z.number()) }));

const textPart = z.object({
  ...inMessage,
  type: z.enum(['text', 'reasoning']),
  text: words,
  time: period,
  /** Written by OpenCode itself, not by the model. */
  synthetic: z.boolean().optional(),
});
export type TextPart = z.infer<typeof textPart>;

/**
 * `sessionId` names the sub-agent's session of a `task` call, `outputPath` the file with output that was cut. Of our
 * own tools: how a call can be drawn, and whether it was cancelled in the middle, which OpenCode stores as completed.
 */
const toolMetadata = ifReadable(
  z.object({
    sessionId: ifReadable(id),
    outputPath: ifReadable(path),
    view: ifReadable(json.pipe(storedView)),
    cancelled: ifReadable(z.literal(true)),
  }),
);
const toolState = z.discriminatedUnion('status', [
  z.object({ status: z.literal('pending') }),
  z.object({ status: z.literal('running'), input: json, metadata: toolMetadata }),
  z.object({ status: z.literal('completed'), input: json, output: words, metadata: toolMetadata }),
  z.object({ status: z.literal('error'), input: json, error: words, metadata: toolMetadata }),
]);
/** `callID` is the provider's, unique in its message at most. */
const toolPart = z.object({
  ...inMessage,
  type: z.literal('tool'),
  tool: name,
  callID: ifReadable(z.string()),
  state: toolState,
});
export type ToolPart = z.infer<typeof toolPart>;

const stepFinish = z
  .object({
    ...inMessage,
    type: z.literal('step-finish'),
    cost: z.unknown(),
    tokens: z.unknown(),
  })
  .transform(({ cost, tokens, ...step }) => ({ ...step, ...stepUsage.parse({ cost, tokens }) }));
export type StepFinish = z.infer<typeof stepFinish>;

const stepStart = z.object({ ...inMessage, type: z.literal('step-start') });
const part = z.discriminatedUnion('type', [textPart, toolPart, stepFinish, stepStart]);
const knownPart = z.looseObject({ type: z.enum(['text', 'reasoning', 'tool', 'step-finish', 'step-start']) });

export type Fact =
  | { kind: 'session'; session: Session }
  | { kind: 'message'; message: Message }
  | { kind: 'part'; part: z.infer<typeof part> }
  /** Nothing we use; `problem` is set when it is something we should have understood. */
  | { kind: 'other'; problem?: string };

/** An entry of a to-do list. A status is pending, in_progress, completed, cancelled, or what an agent made up. */
export const openCodeTodo = z.object({ content: words, status: z.string().catch('pending') });
export type OpenCodeTodo = z.infer<typeof openCodeTodo>;

/** A stored event of one session. Order is `seq` inside the session, and nothing else (invariant 3). */
export interface Durable {
  kind: 'durable';
  id: string;
  session: string;
  seq: number;
  fact: Fact;
}

export type Live =
  | { kind: 'delta'; session: string; part: string; text: string }
  | { kind: 'status'; session: string; status: 'busy' | 'idle' }
  /** `nextAt`: when OpenCode asks again, epoch ms; null when it does not say. */
  | { kind: 'retry'; session: string; text: string; nextAt: number | null }
  | { kind: 'error'; session: string; error: OpenCodeError }
  | { kind: 'todos'; session: string; todos: OpenCodeTodo[] }
  | { kind: 'asked'; session: string }
  /** A question or permission has got its answer; `answer` as it was given. */
  | { kind: 'replied'; session: string; request: string; outcome: 'answered' | 'rejected'; answer: object };

export type OpenCodeEvent = Durable | Live;

const factOf = (type: string, data: Record<string, unknown>): Fact => {
  // The version after the last dot is OpenCode's own matter.
  switch (type.replace(/\.\d+$/, '')) {
    case 'session.created':
    case 'session.updated':
      return checked(session, data.info, (value) => ({ kind: 'session', session: value }));
    case 'message.updated':
      return checked(message, data.info, (value) => ({ kind: 'message', message: value }));
    case 'message.part.updated':
      if (!knownPart.safeParse(data.part).success) return { kind: 'other' };
      return checked(part, data.part, (value) => ({ kind: 'part', part: value }));
    default:
      return { kind: 'other' };
  }
};

const checked = <T>(schema: z.ZodType<T>, value: unknown, fact: (value: T) => Fact): Fact => {
  const result = schema.safeParse(value);
  if (result.success) return fact(result.data);
  return {
    kind: 'other',
    problem: result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
  };
};

const stored = z.object({
  id,
  seq: z.number().int().nonnegative(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()).catch({}),
});
const syncEvent = stored.extend({ aggregateID: id });
/** A row of `POST /sync/history`; `aggregate_id` is its session. */
export const storedRow = stored.extend({ aggregate_id: id });
export type StoredRow = z.infer<typeof storedRow>;
export const durableOf = (row: StoredRow): Durable => ({
  kind: 'durable',
  id: row.id,
  session: row.aggregate_id,
  seq: row.seq,
  fact: factOf(row.type, row.data),
});
export const historyRow = storedRow.transform(durableOf);
/** The same as `POST /sync/replay` wants it. */
export const replayed = ({ aggregate_id: aggregateID, ...row }: StoredRow) => ({ ...row, aggregateID });

/** What a session does now; `text` and `nextAt` are of a pause before a retry. */
export const sessionStatus = z
  .object({
    type: z.enum(['busy', 'idle', 'retry']),
    message: text.catch(''),
    next: z.number().nullable().catch(null),
  })
  .transform(({ type, message, next: nextAt }) => ({ type, text: message, nextAt }));
export type SessionStatus = z.infer<typeof sessionStatus>;

const ofSession = z.object({ sessionID: id });
const ofRequest = ofSession.extend({ requestID: id });
const replied = (
  { sessionID: session, requestID: request }: z.infer<typeof ofRequest>,
  outcome: 'answered' | 'rejected',
  answer: object,
): Live => ({ kind: 'replied', session, request, outcome, answer });
const live = {
  'message.part.delta': ofSession
    .extend({ partID: id, field: z.literal('text'), delta: z.string() })
    .transform((p): Live => ({ kind: 'delta', session: p.sessionID, part: p.partID, text: p.delta })),
  'session.status': ofSession
    .extend({ status: sessionStatus })
    .transform(
      ({ sessionID, status: { type, ...pause } }): Live =>
        type === 'retry'
          ? { kind: 'retry', session: sessionID, ...pause }
          : { kind: 'status', session: sessionID, status: type },
    ),
  'session.error': ofSession
    .extend({ error: openCodeError })
    .transform((p): Live => ({ kind: 'error', session: p.sessionID, error: p.error })),
  'todo.updated': ofSession
    .extend({ todos: listOf(openCodeTodo) })
    .transform((p): Live => ({ kind: 'todos', session: p.sessionID, todos: p.todos })),
  'permission.asked': ofSession.transform((p): Live => ({ kind: 'asked', session: p.sessionID })),
  'question.asked': ofSession.transform((p): Live => ({ kind: 'asked', session: p.sessionID })),
  'permission.replied': ofRequest
    .extend({ reply: name })
    .transform(({ reply, ...p }) => replied(p, reply === 'reject' ? 'rejected' : 'answered', { reply })),
  'question.replied': ofRequest
    .extend({ answers: json })
    .transform(({ answers, ...p }) => replied(p, 'answered', { answers })),
  'question.rejected': ofRequest.transform((p) => replied(p, 'rejected', {})),
} as const;

const isLive = (type: string): type is keyof typeof live => Object.hasOwn(live, type);

const envelope = z.object({
  payload: z.object({ type: z.string(), properties: z.unknown().optional(), syncEvent: z.unknown().optional() }),
});

/**
 * One `data:` text of `GET /global/event`. Out: what we use of it, or null. Durable events come twice, plain and as
 * `sync` with the seq; only the latter counts. Throws for a text that is no frame at all.
 */
export const parseOpenCodeEvent = (text: string): OpenCodeEvent | null => {
  const { payload } = envelope.parse(JSON.parse(text));
  if (payload.type === 'sync') {
    const { id, aggregateID, seq, type, data } = syncEvent.parse(payload.syncEvent);
    return { kind: 'durable', id, session: aggregateID, seq, fact: factOf(type, data) };
  }
  if (!isLive(payload.type)) return null;
  const result = live[payload.type].safeParse(payload.properties);
  return result.success ? result.data : null;
};
