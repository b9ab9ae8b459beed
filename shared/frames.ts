/**
 * The host link: JSON text frames on one WebSocket between a host-agent and its `Host` object (protocol §2).
 *
 * A client that speaks it, in order:
 * 1. Dial `GET <edge>/api/host/link` with `Authorization: Bearer <host id>.<secret>`; the edge picks the object from
 *    the credential.
 * 2. Send `hello`; wait for `welcome`. Nothing else is valid before. Every `hello` names the complete list of open
 *    commands and live turns as of outbox row `at`, so that the edge can conclude what their absence means.
 * 3. Send rows of the outbox in `batch`es, older runs first, n without a hole, starting after the n that `welcome`
 *    names for the run. Keep every row until an `ack` covers it: acks are cumulative and mean "committed".
 *    Repeating rows is always harmless. A hole closes the socket with 4009; the next `welcome` names the n expected.
 * 4. Store each command of `commands` (and of `welcome.commands` without `received`), then answer `received`. Its
 *    outcome is an
 *    ordinary event in the outbox. Do `interrupt`s before starting anything in that mission.
 * 5. Remember the newest `segment` and `seq` of any frame and say them in `hello`: what people did at the edge is no
 *    row of
 *    the host's, and an edge put back to before it would not know (`head` tells of it).
 * 6. Send literal `ping` every 10 s; the runtime answers `pong`. Dial again after 25 s of silence.
 *
 * A bad envelope closes the socket and changes nothing; a bad item in a good batch becomes `log.rejected` and n goes
 * on.
 */
import * as z from 'zod';
import { commandEnvelope } from './commands.ts';
import { liveTurn } from './events.ts';
import { commandId, isUuid, missionId, turnId } from './ids.ts';
import { parseJson } from './json.ts';
import {
  closeCode,
  maxOutputs,
  maxPrepared,
  maxReportedAgents,
  maxRuns,
  outputTailChars,
  protocolVersion,
} from './limits.ts';

const count = z.number().int().nonnegative();
/** A name that one side draws and the other stores and repeats: of a run, a log, a segment, a session, a call. */
const drawn = z.string().min(1).max(64);
/** An id that OpenCode drew, stored with every row that came from it. OpenCode's own ids have 30 characters. */
const foreign = z.string().max(200);
const position = z.object({ run: drawn, n: count });
/**
 * Number of a row; the bound leaves room for a whole batch behind it, so that no sum of ours is beyond exact integers.
 */
const rowNumber = z
  .number()
  .int()
  .positive()
  .max(2 ** 52);
/** Host milliseconds; the last one that a Date can name, or what is stored could never be shown. */
const moment = count.max(8_640_000_000_000_000);

/** Where a row made from OpenCode came from; orders rows of one session whatever run carried them (protocol §1). */
export const src = z.object({
  source: foreign,
  session: foreign,
  seq: count,
  event: foreign,
  index: count,
});
export type Src = z.infer<typeof src>;

/**
 * One outbox row. `event` is checked one by one, so that a poison row never blocks the rest. `at`: host milliseconds.
 */
export const item = z.object({ at: moment, mission: missionId.nullable(), src: src.optional(), event: z.unknown() });
export type Item = z.infer<typeof item>;

/** A piece of the text of an open part, from `off` on (UTF-16 units). */
export const delta = z.object({ mission: missionId, part: z.string(), off: count, text: z.string() });
export type Delta = z.infer<typeof delta>;

/**
 * The schema of a delta by hand: it is asked for every piece of text of every agent, and zod takes several times as
 * long.
 */
const isDelta = (value: unknown): value is Delta =>
  typeof value === 'object' &&
  value !== null &&
  'mission' in value &&
  isUuid(value.mission) &&
  'part' in value &&
  typeof value.part === 'string' &&
  'off' in value &&
  Number.isSafeInteger(value.off) &&
  Number(value.off) >= 0 &&
  'text' in value &&
  typeof value.text === 'string';

const maxDeltas = 10_000;
/** Of others zod says what is wrong. */
const listedDeltas = z.array(delta).max(maxDeltas);

/** What `listedDeltas` takes, as it came: a key that it does not know is not taken out. */
export const deltas = z.custom<Delta[]>(
  (value) => Array.isArray(value) && value.length <= maxDeltas && value.every(isDelta),
  {
    error: ({ input }) => {
      const issue = listedDeltas.safeParse(input).error?.issues[0];
      return issue && `${issue.path.join('.')} ${issue.message}`.trim();
    },
  },
);

/**
 * A piece of what a running tool call prints, from `off` on (UTF-16 units of all that it was shown to print). Like a
 * delta it has no number and is never stored; an `off` beyond the end of the piece before says that something is
 * missing.
 */
export const output = z.object({
  mission: missionId,
  /** The `tool_call_id` of its `tool.called`, which goes before. */
  call: foreign.min(1),
  off: count,
  text: z.string().max(outputTailChars),
});
export type Output = z.infer<typeof output>;

/**
 * What a server says of itself: its agents (null while not known), the root of its host workspace, and how many
 * missions it works on at once (absent: an older agent, which has no limit of its own).
 */
const capabilities = z.object({
  agents: z.array(z.string().max(200)).max(maxReportedAgents).nullable(),
  working_dir: z.string().max(4_096),
  slots: z.number().int().positive().max(1_000).optional(),
  /** Kinds of orders that it understands (absent: an older agent, which is given none). */
  orders: z.array(z.string().max(64)).max(64).optional(),
  /** It makes the place of a mission ready before its first message (absent: an older agent, which is told of none). */
  prepares: z.boolean().optional(),
});

/** Far more turns than a server can run; the list is one value in the object's store. */
const liveTurns = z.array(liveTurn).max(2_000);

export const hostFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: count,
    agent_version: z.string(),
    epoch: count,
    run: drawn,
    /** The last run that ever got a `welcome`; null for a new store. */
    welcomed_run: drawn.nullable(),
    /**
     * Newest position of the log that the edge has told: its segment (null before the first) and the seq reached in it.
     */
    segment: drawn.nullable(),
    seq: count,
    acked: position.nullable(),
    /** Runs that still have unacknowledged rows, oldest first. */
    runs: z.array(drawn).max(maxRuns),
    commands: z.array(commandId),
    turns: liveTurns,
    sessions: z.array(z.object({ source: foreign, session: foreign })),
    at: position,
    capabilities,
    clock: count,
  }),
  z.object({
    type: z.literal('batch'),
    run: drawn,
    from: rowNumber,
    items: z.array(z.unknown()).max(2_000),
    deltas,
    /** Absent: an older host, or nothing was printed. An older edge takes it out. */
    outputs: z.array(output).max(maxOutputs).optional(),
  }),
  z.object({
    type: z.literal('gap'),
    run: drawn,
    from: rowNumber,
    to: rowNumber,
  }),
  z.object({ type: z.literal('received'), ids: z.array(commandId).max(1_000) }),
  z.object({ type: z.literal('turns'), turns: liveTurns, at: position }),
  capabilities.extend({ type: z.literal('capabilities') }),
  z.object({ type: z.literal('result'), id: drawn, ok: z.boolean(), value: z.unknown() }),
]);
export type HostFrame = z.infer<typeof hostFrame>;
export type Hello = Extract<HostFrame, { type: 'hello' }>;
export type Batch = Extract<HostFrame, { type: 'batch' }>;

export const interrupt = z.object({ mission: missionId, command: commandId });
export type Interrupt = z.infer<typeof interrupt>;

export const edgeFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    version: count,
    session: drawn,
    log: drawn,
    segment: drawn,
    seq: count,
    epoch: count,
    /** Highest n known of the current run and of each run that `hello` asked for; 0 when unknown. */
    runs: z.array(position),
    /** Highest source position known of each session asked for. */
    src: z.array(z.object({ source: foreign, session: foreign, seq: count, index: count })),
    /** Commands without an end in the log, in order. */
    commands: z.array(z.object({ received: z.boolean(), command: commandEnvelope })),
    interrupts: z.array(interrupt),
    /** Turns that were ended at the edge while the host was away and may still be alive there. */
    ended_turns: z.array(turnId),
    /** Least pause between two batches; the bound keeps an edge from silencing a server. */
    frame_ms: count.max(60_000),
  }),
  z.object({ type: z.literal('ack'), run: drawn, n: count, segment: drawn, seq: count }),
  z.object({ type: z.literal('head'), segment: drawn, seq: count }),
  z.object({ type: z.literal('commands'), commands: z.array(commandEnvelope) }),
  z.object({ type: z.literal('interrupt'), interrupt }),
  /** Complete list of the missions to make ready before their first message; sent only to a host that `prepares`. */
  z.object({ type: z.literal('prepare'), missions: z.array(missionId).max(maxPrepared) }),
  z.object({
    type: z.literal('call'),
    id: drawn,
    method: z.string().max(200),
    args: z.unknown(),
    /** The user on whose behalf it is made: what it does with files, it does as them. An older edge names none. */
    owner: z.string().optional(),
  }),
]);
export type EdgeFrame = z.infer<typeof edgeFrame>;
export type Welcome = Extract<EdgeFrame, { type: 'welcome' }>;

/** `code` and `reason` are what the socket is to be closed with. */
export type Parsed<T> = { ok: true; frame: T } | { ok: false; code: number; reason: string };

/**
 * The first frame of either side, of whatever version: a later one may have another shape and is still told why it is
 * refused.
 */
const greeting = z.object({ type: z.enum(['hello', 'welcome']), version: count });

const parse = <T extends HostFrame | EdgeFrame>(
  schema: z.ZodType<T>,
  text: string,
  read: (text: string) => unknown,
): Parsed<T> => {
  let json: unknown;
  try {
    json = read(text);
  } catch {
    return { ok: false, code: closeCode.badFrame, reason: 'frame is not JSON' };
  }
  const result = schema.safeParse(json);
  if (result.success && !('version' in result.data)) return { ok: true, frame: result.data };
  const greeted = greeting.safeParse(json);
  if (greeted.success && greeted.data.version !== protocolVersion) {
    const { type, version } = greeted.data;
    const reason = `${type} of protocol ${version}, this side speaks ${protocolVersion}: update the older side`;
    return { ok: false, code: closeCode.version, reason };
  }
  if (result.success) return { ok: true, frame: result.data };
  const issue = result.error.issues[0];
  const reason = closeReason(`bad frame: ${issue?.path.join('.') || '(root)'} ${issue?.message ?? ''}`);
  return { ok: false, code: closeCode.badFrame, reason };
};

/** RFC 6455: a close frame has room for this much UTF-8 beside its code. */
const maxReasonBytes = 123;

/**
 * As much of a text as a close frame can carry; a runtime throws, or breaks the socket off, at more or at half a
 * character.
 */
export const closeReason = (text: string): string => {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxReasonBytes));
  return text.slice(0, read).toWellFormed();
};

/** More than any event may have inside a frame (protocol §3), so that one which is too deep is still seen to be. */
const maxFrameLevels = 300;

/**
 * Parses a frame from a host, which the edge trusts with nothing: its texts are well-formed. The reason fits into a
 * close frame.
 */
export const parseHostFrame = (text: string): Parsed<HostFrame> =>
  parse(hostFrame, text, (json) => parseJson(json, () => null, maxFrameLevels));
/** Parses a frame from the edge. */
export const parseEdgeFrame = (text: string): Parsed<EdgeFrame> => parse(edgeFrame, text, JSON.parse);
