import * as z from 'zod';
import type { Command } from '../../../shared/commands.ts';
import { type EdgeFrame, type Hello, type HostFrame, parseHostFrame } from '../../../shared/frames.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { awayMs, closeCode, maxFrameBytes, maxWelcomedSessions, protocolVersion } from '../../../shared/limits.ts';
import { close, isClosedHere } from '../../close-socket.ts';
import type { HostContext } from '../context.ts';
import { runPosition, sourcePosition } from '../log/runs.ts';
import { getMessage } from '../messages/messages.ts';
import { endedTurns } from '../missions/reported-turns.ts';
import { getMeta, setMeta } from '../tables.ts';
import { commandFrames } from './command-frames.ts';
import { welcomedCommands, wishes } from './handing-over.ts';

/** What the host's socket remembers. `session` names one connection; empty before `welcome`. */
const linkState = z.object({
  kind: z.literal('link'),
  epoch: z.number().int(),
  session: z.string(),
  openedAtMs: z.number().int(),
});
type LinkState = z.infer<typeof linkState>;

const states = new WeakMap<WebSocket, LinkState>();

const setState = (socket: WebSocket, state: LinkState): void => {
  states.set(socket, state);
  socket.serializeAttachment(state);
};

export const reissuedText = 'credential was issued again: enrol this server';

/** Tag of the host's sockets among the object's. */
export const linkTag = 'link';

/** The host's socket: at most one is welcomed, the newest (protocol §2, 4012). */
export class LinkSocket {
  readonly #ctx: DurableObjectState;
  readonly #now: () => number;

  constructor(ctx: DurableObjectState, now: () => number) {
    this.#ctx = ctx;
    this.#now = now;
  }

  accept(socket: WebSocket, epoch: number): void {
    this.#ctx.acceptWebSocket(socket, [linkTag]);
    setState(socket, { kind: 'link', epoch, session: '', openedAtMs: this.#now() });
  }

  /** Read once per construction of the object, and asked with every frame. */
  state(socket: WebSocket): LinkState {
    const known = states.get(socket);
    if (known) return known;
    const state = linkState.parse(socket.deserializeAttachment());
    states.set(socket, state);
    return state;
  }

  /** The welcomed socket, or null while no host is connected. */
  current(): WebSocket | null {
    const open = this.#ctx.getWebSockets(linkTag).filter((socket) => socket.readyState === WebSocket.OPEN);
    return open.find((socket) => this.state(socket).session !== '') ?? null;
  }

  /**
   * Since when the host is away (milliseconds), or null while it is not: not connected, or connected and not heard of
   * for a while (protocol §8). The runtime answers pings without waking the object, so this is judged when it is read.
   */
  awaySinceMs(): number | null {
    const socket = this.current();
    const nowMs = this.#now();
    if (!socket) return Number(getMeta(this.#ctx.storage.sql, 'left_at') ?? nowMs);
    const heard = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? this.state(socket).openedAtMs;
    return nowMs - heard > awayMs ? heard : null;
  }

  /** Remembers when the session in force ended. */
  left(socket: WebSocket): void {
    if (this.state(socket).session !== '') setMeta(this.#ctx.storage.sql, 'left_at', String(this.#now()));
  }

  /** Makes this socket the session in force and closes the one before. */
  welcome(socket: WebSocket, session: string): void {
    for (const other of this.#ctx.getWebSockets(linkTag)) {
      const state = this.state(other);
      if (other === socket || state.session === '') continue;
      // Its session is taken away, because what it still sends must not count beside the new session.
      setState(other, { ...state, session: '' });
      close(other, closeCode.replaced, 'replaced by a newer session of this server');
    }
    setState(socket, { ...this.state(socket), session });
  }

  /** Ends every session whose credential is older than `epoch`; what they still send counts no more. */
  dismiss(epoch: number, code: number, reason: string): void {
    for (const socket of this.#ctx.getWebSockets(linkTag)) {
      if (this.state(socket).epoch < epoch) close(socket, code, reason);
    }
  }

  /** Sends to the host if it is connected; what it misses is repeated by the next `welcome`. */
  send(frame: EdgeFrame): void {
    const socket = this.current();
    if (socket) sendFrame(socket, frame);
  }

  /** The same for commands, as many frames as it takes (handing-over.ts). */
  sendCommands(commands: Iterable<Command>): void {
    const socket = this.current();
    if (socket) for (const text of commandFrames(commands)) socket.send(text);
  }
}

export const sendFrame = (socket: WebSocket, frame: EdgeFrame): void => socket.send(JSON.stringify(frame));

/** The frame in a message, or null after closing the socket: a bad envelope changes nothing (protocol §2). */
export const readHostFrame = (socket: WebSocket, state: LinkState, message: string | ArrayBuffer): HostFrame | null => {
  const refuse = (code: number, reason: string): null => {
    close(socket, code, reason);
    return null;
  };
  // Frames that follow a refused one are ignored. Frames that the host sent before it closed the socket itself do
  // count.
  if (isClosedHere(socket)) return null;
  if (typeof message !== 'string') return refuse(closeCode.badFrame, 'frames are text');
  if (message.length > maxFrameBytes) return refuse(closeCode.badFrame, `frame larger than ${maxFrameBytes} bytes`);
  const parsed = parseHostFrame(message);
  if (!parsed.ok) return refuse(parsed.code, parsed.reason);
  const { frame } = parsed;
  if (frame.type === 'hello' && frame.epoch !== state.epoch) return refuse(closeCode.staleEpoch, reissuedText);
  if (frame.type === 'hello' && state.session !== '')
    return refuse(closeCode.badFrame, 'a second hello in one session');
  if (frame.type !== 'hello' && state.session === '') return refuse(closeCode.badFrame, 'first frame must be hello');
  return frame;
};

/** What the host needs to go on: positions, open commands, wishes (protocol §2 `welcome`). */
export const welcomeFrame = (host: HostContext, hello: Hello, session: string, frameMs: number): EdgeFrame => ({
  type: 'welcome',
  version: protocolVersion,
  session,
  log: host.log.id,
  segment: host.log.segment,
  seq: host.log.head,
  epoch: hello.epoch,
  runs: [...new Set([...hello.runs, hello.run])].map((run) => ({ run, n: runPosition(host.sql, run) })),
  src: hello.sessions.slice(0, maxWelcomedSessions).flatMap(({ source, session: id }) => {
    const known = sourcePosition(host.sql, source, id);
    return known ? [{ source, session: id, ...known }] : [];
  }),
  commands: welcomedCommands(host.sql),
  interrupts: wishes(host.sql).welcomed,
  ended_turns: endedTurns(host.sql),
  frame_ms: frameMs,
});

/** The frame that asks the host to stop a command, or null when the host has already ended it. */
export const interruptFrame = (sql: SqlStorage, mission: MissionId, command: CommandId): EdgeFrame | null =>
  getMessage(sql, command) ? { type: 'interrupt', interrupt: { mission, command } } : null;
