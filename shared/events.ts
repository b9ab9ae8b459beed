/**
 * Durable events: the small facts the log consists of (protocol §3). A host produces `hostEvent`s from OpenCode, the
 * object adds `edgeEvent`s. Text is never repeated: a part is opened, grows by checkpoints and is closed; everything
 * that shows an answer points to parts by id. `off` and `length` count UTF-16 units of the redacted text.
 */
import * as z from 'zod';
import { commandId, turnId, uuid } from './ids.ts';
import { maxTodoChars, maxTodos, maxUsd } from './limits.ts';
import { storedView } from './tool-view.ts';
import { workspaceCommandKinds, workspaceEvents } from './workspaces.ts';

const count = z.number().int().nonnegative();

/** Sums over the whole turn so far, sub-agents included; later values replace earlier ones. */
export const usage = z.object({
  cost_usd: z.number().nonnegative().max(maxUsd),
  input: count,
  output: count,
  reasoning: count,
  cache_read: count,
  cache_write: count,
});
export type Usage = z.infer<typeof usage>;
export const noUsage: Usage = { cost_usd: 0, input: 0, output: 0, reasoning: 0, cache_read: 0, cache_write: 0 };

export const missionStatus = z.enum(['active', 'completed', 'failed', 'interrupted', 'blocked', 'not_feasible']);
export type MissionStatus = z.infer<typeof missionStatus>;

/**
 * How a turn ended: `completed` when the model ended its answer by itself and there is one; `cancelled` is a user's
 * wish, `interrupted` everything that was nobody's wish.
 */
export const outcome = z.enum(['completed', 'failed', 'cancelled', 'interrupted']);
/** `blocked`: the model gave no whole answer (an empty, cut or repeating one). */
export type Outcome = z.infer<typeof outcome> | 'blocked';

/** OpenCode's id of a question or a permission it waits for. */
export const requestId = z.string().min(1).max(200);
export const askKind = z.enum(['question', 'permission']);
export type AskKind = z.infer<typeof askKind>;
/** `expired`: nobody can answer any more (the turn ended, OpenCode was restarted). */
export const askOutcome = z.enum(['answered', 'rejected', 'expired']);
export type AskOutcome = z.infer<typeof askOutcome>;

/** An entry of the agent's to-do list, in OpenCode's words. */
export const todo = z.object({
  content: z.string().max(maxTodoChars),
  status: z.enum(['pending', 'in_progress', 'completed', 'cancelled']),
});
export type Todo = z.infer<typeof todo>;

export const turnEnded = z.object({
  type: z.literal('turn.ended'),
  command: commandId,
  turn: turnId,
  outcome,
  /**
   * Says of `interrupted` that it is `blocked` (`outcomeOf`). It is no outcome of its own, so that an edge of before
   * this field, which drops it, takes the end all the same: there the mission is interrupted, with the same text, and
   * can be resumed.
   */
  blocked: z.boolean().optional(),
  /**
   * Parts whose texts, joined by a blank line, are the answer; `text` is the answer where there are none. What a
   * blocked turn has of an answer is followed by `text`, which says what is missing.
   */
  answer: z.array(z.string()),
  text: z.string(),
  model: z.string().nullable(),
  usage,
});
export type TurnEnded = z.infer<typeof turnEnded>;

export const outcomeOf = ({ outcome: said, blocked }: Pick<TurnEnded, 'outcome' | 'blocked'>): Outcome =>
  said === 'interrupted' && blocked ? 'blocked' : said;

/** The fields of an end that say its outcome. */
export const outcomeFields = (of: Outcome): Pick<TurnEnded, 'outcome' | 'blocked'> =>
  of === 'blocked' ? { outcome: 'interrupted', blocked: true } : { outcome: of };

export const hostEvent = z.discriminatedUnion('type', [
  /**
   * Precedes a mission's first event of this host, so that an object that lost the mission can adopt it (protocol §2).
   */
  z.object({
    type: z.literal('mission.opened'),
    owner: z.string(),
    workspace: z.string(),
    title: z.string().nullable(),
  }),
  z.object({
    type: z.literal('turn.started'),
    command: commandId,
    turn: turnId,
    agent: z.string().nullable(),
    model: z.string().nullable(),
  }),
  /** OpenCode has stored the message: from here on a lost store means lost work, not an unsent prompt (protocol §4). */
  z.object({ type: z.literal('turn.accepted'), command: commandId, turn: turnId }),
  z.object({
    type: z.literal('part.opened'),
    turn: turnId,
    part: z.string(),
    kind: z.enum(['text', 'reasoning']),
    /** Set for a sub-agent's part: the tool call that started it. */
    parent_call: z.string().optional(),
  }),
  /** After a gap in OpenCode's stream: no text comes until the part closes; viewers say that text follows. */
  z.object({ type: z.literal('part.blind'), part: z.string() }),
  z.object({
    type: z.literal('part.checkpoint'),
    part: z.string(),
    off: count,
    text: z.string(),
    replace: z.boolean().optional(),
  }),
  /**
   * The final text is stored.slice(0, off) + text, and has this length and SHA-256 (hex, of its UTF-8); `off` 0
   * replaces everything.
   */
  z.object({
    type: z.literal('part.closed'),
    part: z.string(),
    off: count,
    text: z.string(),
    length: count,
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    /** Set by the object where text before `off` never arrived, or the host did not live to close the part. */
    incomplete: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('tool.called'),
    turn: turnId,
    tool_call_id: z.string(),
    name: z.string(),
    args: z.unknown(),
    parent_call: z.string().optional(),
  }),
  /** `result` is what the contract shows: a string, or `{error}`. Larger output is a preview plus where the file is. */
  z.object({
    type: z.literal('tool.result'),
    tool_call_id: z.string(),
    name: z.string(),
    result: z.unknown(),
    failed: z.boolean(),
    /**
     * How the call can be drawn (shared/tool-view.ts), of tools that say it. One that this version does not know, or
     * that is too large, is left out: what the call came to is in `result`.
     */
    view: storedView.optional().catch(undefined),
    /** What the sub-agent that the call started has cost, those below it included. It is in the turn's usage, too. */
    cost_usd: usage.shape.cost_usd.optional(),
  }),
  z.object({ type: z.literal('turn.cost'), turn: turnId, usage }),
  /** The mission's to-do list as it is now; later ones replace it. Those of sub-agents are not the mission's. */
  z.object({ type: z.literal('turn.todos'), turn: turnId, todos: z.array(todo).max(maxTodos) }),
  /**
   * The agent, or one of its sub-agents, waits for a person (protocol §4 "Answers"). `tool_call_id` is the call that
   * asks, null where there is none. `body` is what OpenCode asks: `{questions}`, or `{permission, patterns, always,
   * metadata}`.
   */
  z.object({
    type: z.literal('request.asked'),
    request: requestId,
    turn: turnId,
    kind: askKind,
    tool_call_id: z.string().nullable(),
    parent_call: z.string().optional(),
    body: z.unknown(),
  }),
  /**
   * A request has one end; `answer` is what was said: `{answers}` of a question, `{reply, message?}` to a permission.
   */
  z.object({
    type: z.literal('request.ended'),
    request: requestId,
    outcome: askOutcome,
    answer: z.unknown().optional(),
  }),
  /** An error the agent met and may survive (a provider's refusal before a retry, a broken config). */
  z.object({ type: z.literal('turn.error'), turn: turnId, message: z.string() }),
  turnEnded,
  /** End of a command that never became a turn. */
  z.object({
    type: z.literal('command.finished'),
    command: commandId,
    outcome: z.enum(['finished', 'failed', 'cancelled', 'expired']),
    text: z.string(),
    /** Set where it was an answer to this, an order or about a workspace: its end says nothing about the mission. */
    of: z.enum([...askKind.options, 'mission.archive', 'mission.delete', ...workspaceCommandKinds]).optional(),
  }),
  /**
   * What a turn, or an undo, had changed in files was taken back; `undo` is the id by which that can be taken back.
   */
  z.object({ type: z.literal('turn.undone'), step: z.string(), undo: z.string(), files: count }),
  /**
   * Something about the server itself that people should know (its store or OpenCode's was replaced, processes reaped).
   */
  z.object({ type: z.literal('host.note'), code: z.string(), text: z.string() }),
  ...workspaceEvents,
]);
export type HostEvent = z.infer<typeof hostEvent>;

export const edgeEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('mission.created'),
    owner: z.string(),
    workspace: z.string(),
    title: z.string().nullable(),
    agent: z.string().nullable(),
    model: z.string().nullable(),
  }),
  /** A message the edge has taken in. `queued`: it had to wait, so viewers were shown it as waiting. */
  z.object({
    type: z.literal('message.kept'),
    command: commandId,
    content: z.string(),
    agent: z.string().nullable(),
    queued: z.boolean(),
  }),
  /**
   * A message takes its place in the conversation without a turn: it ended before it had one, or its start is lost. The
   * place of any other is its `turn.started`, which has a `sequence` then. A delta stream adds the message's `content`
   * to both.
   */
  z.object({ type: z.literal('message.placed'), command: commandId }),
  /** A waiting message has another text: every rendering shows this one from here on. */
  z.object({ type: z.literal('message.edited'), command: commandId, content: z.string() }),
  z.object({ type: z.literal('message.removed'), command: commandId }),
  z.object({ type: z.literal('cancel.requested'), command: commandId }),
  z.object({ type: z.literal('mission.status'), status: missionStatus, summary: z.string().nullable() }),
  /** It is hidden, and kept for `TRASH_DAYS`. */
  z.object({ type: z.literal('mission.deleted') }),
  /** Its owner has it back. */
  z.object({ type: z.literal('mission.restored') }),
  /** The host no longer knows a command it had; offered to send again (protocol §4). */
  z.object({ type: z.literal('command.lost'), command: commandId, text: z.string() }),
  /**
   * Stands in place of what left the log of a mission by age or size: all from its beginning up to here. A later one of
   * the same mission says it of more, and takes its place.
   */
  z.object({
    type: z.literal('log.pruned'),
    /** By `sequence`, both included. */
    from: count,
    to: count,
    rows: count,
    bytes: count,
    /** Whether these rows can be read from the archive (`/events?archived=true`). */
    archived: z.enum(['all', 'some', 'none']),
  }),
  z.object({ type: z.literal('log.gap'), run: z.string(), from: count, to: count }),
  z.object({ type: z.literal('log.rejected'), run: z.string(), n: count, reason: z.string() }),
]);
export type EdgeEvent = z.infer<typeof edgeEvent>;

/**
 * A type neither side of this version knows is stored and shown to delta viewers as it is (protocol §2). Types have a
 * dot; names without one are the stream's own (`reset`, `snapshot`, …) and must not be forged.
 */
export const unknownEvent = z.looseObject({ type: z.string().regex(/^(?=.{1,64}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/) });

export type LogEvent = HostEvent | EdgeEvent;
export const logEvent = z.union([hostEvent, edgeEvent]);

/**
 * A turn as its host reports it: the evidence for "running" (protocol §2 `turns`). Times are host-clock milliseconds.
 */
export const liveTurn = z.object({
  mission: uuid,
  command: commandId,
  turn: turnId,
  state: z.enum(['starting', 'running', 'retrying', 'waiting', 'stopping']),
  since: count,
  last_activity: count,
});
export type LiveTurn = z.infer<typeof liveTurn>;
