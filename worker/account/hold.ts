import * as z from 'zod';
import type { Cancel } from '../../shared/clock.ts';
import { closeCode, heartbeatMs } from '../../shared/limits.ts';
import type { Env } from '../env.ts';
import { lastingSocket } from '../lasting-socket.ts';
import { logError } from '../log.ts';
import { SocketClosed, SocketRefused, SocketsFull } from '../object-socket.ts';
import type { Principal } from '../principal.ts';
import { accountOf } from './account-of.ts';
import { sessionUrl } from './port.ts';
import type { AccountServer } from './servers.ts';

/** So soon a login that has ended is found out once the account is back. */
const redialMaxMs = 5_000;
/** What is over within this holds nothing: nearly every answer and file, which would cost its account a socket. */
const briefMs = 500;

const server = z.object({
  host: z.string(),
  live: z.boolean(),
  removed: z.boolean(),
  log: z.string(),
  since: z.string(),
  // Accounts of an older version know of nothing else.
  holds: z.boolean().default(true),
  news: z.string().default(''),
});
const frame = z.union([z.object({ servers: z.array(server) }), z.object({ error: z.string() })]);

/** What happens to what holds a login. */
export interface Holding {
  /** The login has ended, or is none any more: so does what holds it. Called once. */
  ended(): void;
  /** The servers that hold something of the user; at first, and whenever they change. */
  servers?(servers: AccountServer[]): void;
  /** An error for the user, which their streams show. */
  error?(text: string): void;
  /**
   * Where it counts as one of the user's streams. `full` is called once when there are too many of them, with a text
   * for people; then nothing is held.
   */
  stream?: { most: () => Promise<number>; full(text: string): void };
}

/** What holding a login needs of the edge. */
type Holder = Pick<Env, 'ACCOUNT' | 'clock'>;

/** A login that is held. */
export interface HeldLogin {
  /** Called now and then, it finds a socket that died without a word. */
  beat(): void;
  close(): void;
}

/**
 * Holds a login for as long as something goes on that outlives its request: a stream, a page's socket. The user's
 * account says within a moment when the login is over, and needs neither D1 nor a server for it. While the account
 * cannot be reached what is held goes on, and is judged when it is back.
 */
export const holdLogin = (
  env: Holder,
  { user, login }: Principal,
  { ended, servers, error, stream }: Holding,
): HeldLogin => {
  const { open, beat, close } = lastingSocket({
    clock: env.clock,
    redialMaxMs,
    target: async () => ({
      object: accountOf(env, user.id),
      url: sessionUrl(login, (await stream?.most()) ?? null),
    }),
    onText: (text) => {
      const told = frame.parse(JSON.parse(text));
      if ('servers' in told) servers?.(told.servers);
      else error?.(told.error);
    },
    onLost: (cause, failures) => {
      if (isEnd(cause)) {
        ended();
        return false;
      }
      if (stream && cause instanceof SocketsFull) {
        stream.full(cause.message);
        return false;
      }
      logError('account.socket.lost', cause, { failures });
      return true;
    },
  });
  void open();
  return { beat, close };
};

/**
 * The same for an answer that may take long to be sent or taken: a file, a conversation page by page. `ended` is called
 * once, within a second of the end of the login. Out: what is called when it is over.
 */
export const holdLong = (env: Holder, principal: Principal, ended: () => void): Cancel => {
  // Where authentication is off no login ends.
  if (principal.login === null) return () => undefined;
  let close: Cancel = () => undefined;
  const stopWaiting = env.clock.after(briefMs, () => {
    close = beating(env, holdLogin(env, principal, { ended }));
  });
  return () => {
    stopWaiting();
    close();
  };
};

/** Looks now and then whether the socket is alive. Out: closes it. */
const beating = ({ clock }: Holder, held: HeldLogin): Cancel => {
  const stop = clock.every(heartbeatMs, held.beat);
  return () => {
    stop();
    held.close();
  };
};

/** Closes a page's socket when the login is over by which it was dialled; `stop` ends what serves it. */
export const holdSocket = (env: Holder, principal: Principal, socket: WebSocket, stop: () => void): void => {
  const held = holdLogin(env, principal, {
    ended: () => {
      stop();
      if (socket.readyState === WebSocket.OPEN) socket.close(closeCode.unauthorised, 'this login has ended');
    },
  });
  const close = beating(env, held);
  for (const end of ['close', 'error'] as const) socket.addEventListener(end, close);
};

const isEnd = (cause: unknown): boolean =>
  cause instanceof SocketRefused || (cause instanceof SocketClosed && cause.code === closeCode.unauthorised);
