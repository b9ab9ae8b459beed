import * as z from 'zod';
import { closeCode } from '../../shared/limits.ts';
import { close } from '../close-socket.ts';
import type { Login } from '../principal.ts';
import type { AccountServer } from './servers.ts';

/** What a stream's socket carries through an eviction of the object. */
const held = z.object({
  /** Null where authentication is off. */
  login: z.string().nullable(),
  /** When it is to be closed. */
  endsAtMs: z.number().nullable(),
});
type Held = z.infer<typeof held>;

/** Tag of the sockets that count as streams. */
const streamTag = 'stream';

/**
 * The sockets by which the user's open streams hold their logins: each is closed when its login ends, whoever ends it,
 * and is told which servers have something of the user. They hibernate: an account with open streams and nothing to say
 * costs nothing.
 */
export class Streams {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** How many streams the user has open. */
  get count(): number {
    return this.#ctx.getWebSockets(streamTag).length;
  }

  /** Takes a socket, whose login was checked, and tells it the servers. `isStream`: it counts as a stream. */
  accept(
    socket: WebSocket,
    { login, isStream }: { login: Login | null; isStream: boolean },
    servers: readonly AccountServer[],
    now: number,
  ): void {
    this.#ctx.acceptWebSocket(socket, isStream ? [streamTag] : []);
    socket.serializeAttachment({ login: login?.id ?? null, endsAtMs: endOf(login, now) } satisfies Held);
    socket.send(serversFrame(servers));
  }

  tell(servers: readonly AccountServer[]): void {
    // One that is closing throws; its stream dials again, and is told then.
    this.#send(serversFrame(servers));
  }

  /** Tells each an error that is the user's rather than a mission's. */
  say(error: string): void {
    this.#send(JSON.stringify({ error }));
  }

  #send(frame: string): void {
    for (const socket of this.#ctx.getWebSockets()) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  }

  /** Ends the streams of one login. */
  endLogin(id: string): void {
    this.#end(({ login }) => login === id);
  }

  /** Ends all streams that have a login. */
  endLogins(): void {
    this.#end(({ login }) => login !== null);
  }

  /** Ends the streams whose login has expired. Out: when the next one does, null for never. */
  endExpired(now: number): number | null {
    this.#end(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= now);
    const ends = this.#ctx.getWebSockets().flatMap((socket) => heldBy(socket)?.endsAtMs ?? []);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  #end(which: (held: Held) => boolean): void {
    for (const socket of this.#ctx.getWebSockets()) {
      const known = heldBy(socket);
      if (known && which(known)) close(socket, closeCode.unauthorised, 'this login has ended');
    }
  }
}

/**
 * A stream ends when its login expires. One that is begun later, in the time that the gate allows for clocks, ends with
 * that time: else its client would come back at once, and again.
 */
const endOf = (login: Login | null, now: number): number | null => {
  if (login === null) return null;
  return login.expiresAtMs > now ? login.expiresAtMs : login.endsAtMs;
};

const serversFrame = (servers: readonly AccountServer[]): string => JSON.stringify({ servers });

/** Null for a socket that is closed. */
const heldBy = (socket: WebSocket): Held | null =>
  socket.readyState === WebSocket.OPEN ? held.parse(socket.deserializeAttachment()) : null;
