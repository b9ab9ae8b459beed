/**
 * The host link: JSON text frames on one WebSocket between a host-agent and its `Host` object (protocol §2).
 *
 * A client that speaks it, in order:
 * 1. Dial `GET <edge>/api/host/link` with `Authorization: Bearer <host id>.<secret>`; the edge picks the object from the credential.
 * 2. Send `hello`; wait for `welcome`. Nothing else is valid before. Every `hello` names the complete list of open
 *    commands and live turns as of outbox row `at`, so that the edge can conclude what their absence means.
 * 3. Send rows of the outbox in `batch`es, older runs first, n without a hole, starting after the n that `welcome`
 *    names for the run. Keep every row until an `ack` covers it: acks are cumulative and mean "committed".
 *    Repeating rows is always harmless. A hole closes the socket with 4009; the next `welcome` names the n expected.
 * 4. Store each command of `commands` (and of `welcome.commands` without `received`), then answer `received`. Its outcome is an
 *    ordinary event in the outbox. Do `interrupt`s before starting anything in that mission.
 * 5. Send literal `ping` every 10 s; the runtime answers `pong`. Dial again after 25 s of silence.
 *
 * A bad envelope closes the socket and changes nothing; a bad item in a good batch becomes `log.rejected` and n goes on.
 */
import { z } from 'zod';
import { commandEnvelope } from './commands.ts';
import { liveTurn } from './events.ts';
import { commandId, missionId, turnId } from './ids.ts';

const count = z.number().int().nonnegative();
const position = z.object({ run: z.string().min(1).max(64), n: count });

/** Where a row made from OpenCode came from; orders rows of one session whatever run carried them (protocol §1). */
export const src = z.object({
  source: z.string(),
  session: z.string(),
  seq: count,
  event: z.string(),
  index: count,
});
export type Src = z.infer<typeof src>;

/** One outbox row. `event` is checked one by one, so that a poison row never blocks the rest. `at`: host milliseconds. */
export const item = z.object({ at: count, mission: missionId.nullable(), src: src.optional(), event: z.unknown() });
export type Item = z.infer<typeof item>;

export const delta = z.object({ mission: missionId, part: z.string(), off: count, text: z.string() });
export type Delta = z.infer<typeof delta>;

/** What the directory shows of a server: its agents (null while not known) and the root of its host workspace. */
const capabilities = z.object({ agents: z.array(z.string()).nullable(), working_dir: z.string() });

export const hostFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: count,
    agent_version: z.string(),
    epoch: count,
    run: z.string(),
    /** The last run that ever got a `welcome`; null for a new store. */
    welcomed_run: z.string().nullable(),
    segment: z.string().nullable(),
    acked: position.nullable(),
    /** Runs that still have unacknowledged rows, oldest first. */
    runs: z.array(z.string()).max(1_000),
    commands: z.array(commandId),
    turns: z.array(liveTurn),
    sessions: z.array(z.object({ source: z.string(), session: z.string() })),
    at: position,
    capabilities,
    clock: count,
  }),
  z.object({
    type: z.literal('batch'),
    run: z.string().min(1).max(64),
    from: z.number().int().positive(),
    items: z.array(z.unknown()).max(2_000),
    deltas: z.array(delta).max(10_000),
  }),
  z.object({
    type: z.literal('gap'),
    run: z.string(),
    from: z.number().int().positive(),
    to: z.number().int().positive(),
  }),
  z.object({ type: z.literal('received'), ids: z.array(commandId).max(1_000) }),
  z.object({ type: z.literal('turns'), turns: z.array(liveTurn), at: position }),
  capabilities.extend({ type: z.literal('capabilities') }),
  z.object({ type: z.literal('result'), id: z.string(), ok: z.boolean(), value: z.unknown() }),
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
    session: z.string(),
    log: z.string(),
    segment: z.string(),
    epoch: count,
    /** Highest n known of the current run and of each run that `hello` asked for; 0 when unknown. */
    runs: z.array(position),
    /** Highest source position known of each session asked for. */
    src: z.array(z.object({ source: z.string(), session: z.string(), seq: count, index: count })),
    /** Commands without an end in the log, in order. */
    commands: z.array(z.object({ received: z.boolean(), command: commandEnvelope })),
    interrupts: z.array(interrupt),
    /** Turns that were ended at the edge while the host was away and may still be alive there. */
    ended_turns: z.array(turnId),
    frame_ms: count,
  }),
  z.object({ type: z.literal('ack'), run: z.string(), n: count, segment: z.string() }),
  z.object({ type: z.literal('commands'), commands: z.array(commandEnvelope) }),
  z.object({ type: z.literal('interrupt'), interrupt }),
  z.object({ type: z.literal('call'), id: z.string(), method: z.string(), args: z.unknown() }),
]);
export type EdgeFrame = z.infer<typeof edgeFrame>;
export type Welcome = Extract<EdgeFrame, { type: 'welcome' }>;

export type Parsed<T> = { ok: true; frame: T } | { ok: false; reason: string };

const parse = <T>(schema: z.ZodType<T>, text: string): Parsed<T> => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'frame is not JSON' };
  }
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, frame: result.data };
  const issue = result.error.issues[0];
  return { ok: false, reason: `bad frame: ${issue?.path.join('.') || '(root)'} ${issue?.message ?? ''}`.slice(0, 120) };
};

/** Parses a frame from a host; the reason is short enough for a close frame. */
export const parseHostFrame = (text: string): Parsed<HostFrame> => parse(hostFrame, text);
/** Parses a frame from the edge. */
export const parseEdgeFrame = (text: string): Parsed<EdgeFrame> => parse(edgeFrame, text);
