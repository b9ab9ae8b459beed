import * as z from 'zod';
import { type ErrorCode, httpStatus } from '../../../shared/errors.ts';
import type { HostFrame } from '../../../shared/frames.ts';
import type { Limits } from '../../../shared/quotas.ts';
import { type Reply, refuse, reply } from '../replies.ts';
import { exceeded } from '../usage/usage.ts';
import { sendFrame } from './socket.ts';

type Result = Extract<HostFrame, { type: 'result' }>;

const failure = z.object({ code: z.string(), message: z.string() });
const isCode = (code: string): code is ErrorCode => code in httpStatus;

/** A call, and on whose behalf it is made. */
interface Asked {
  method: string;
  args: unknown;
  owner: string;
}

const awayText = 'The server is away: it answers when it is connected again.';
const lostText = 'The connection to the server was lost before it answered. Try again.';

/**
 * Calls to the host that wait for their result. They live as long as the request that waits for them, which keeps the
 * object in memory; nothing of them is stored, and all fail with the socket they were sent on.
 */
export class Calls {
  readonly #waiting = new Map<string, { socket: WebSocket; owner: string; settle: (reply: Reply<unknown>) => void }>();

  /** How many of an owner's wait. */
  of(owner: string): number {
    return [...this.#waiting.values()].filter((each) => each.owner === owner).length;
  }

  /**
   * Sends a call. Resolves with the host's reply; `unavailable` without a host, or when its socket ends first,
   * `too_many` where as many of its owner's wait as may. No time limit of its own.
   */
  send(socket: WebSocket | null, { method, args, owner }: Asked, limits: Limits): Promise<Reply<unknown>> {
    if (!socket) return Promise.resolve(refuse('unavailable', awayText));
    if (this.of(owner) >= limits.calls) return Promise.resolve(exceeded('calls', limits));
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>();
    this.#waiting.set(id, { socket, owner, settle: resolve });
    sendFrame(socket, { type: 'call', id, method, args, owner });
    return promise;
  }

  /** Hands a result to whoever waits for it. Nobody does when the request has ended meanwhile, which is harmless. */
  result(socket: WebSocket, result: Result): void {
    const waiting = this.#waiting.get(result.id);
    if (waiting?.socket !== socket) return;
    this.#waiting.delete(result.id);
    waiting.settle(replyIn(result));
  }

  /**
   * Fails all calls that were sent on a socket other than this one. `socket` is that of the current link session, or
   * null when there is none.
   */
  keepOnly(socket: WebSocket | null): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.socket === socket) continue;
      this.#waiting.delete(id);
      waiting.settle(refuse('unavailable', lostText));
    }
  }
}

const replyIn = ({ ok, value }: Result): Reply<unknown> => {
  if (ok) return reply(value);
  const known = failure.safeParse(value);
  if (!known.success) return refuse('internal', 'The server failed to answer; its log says why.');
  const { code, message } = known.data;
  return refuse(isCode(code) ? code : 'internal', message);
};
