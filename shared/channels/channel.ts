/**
 * A channel couples a client's HTTP request with a server, through the `Relay` object, over a WebSocket that the
 * host-agent dials for this one use: `GET {edge}/api/host/relay/<id>` with `Authorization: Bearer <host
 * id>.<credential>` and the one-time secret of its ticket in `X-Openagent-Transfer`. Bytes are binary messages, the
 * rest is JSON text; the host sends a literal `ping` and hears `pong`.
 *
 * WebSockets have no back-pressure, so whoever gets the bytes grants them: the sender never has more under way than was
 * granted and not yet taken, which bounds memory on all sides whatever the number of bytes. Bytes to the server: grant…
 * bytes… `end`, then `done` with what became of them. Bytes from the server: the same with the roles exchanged.
 * `failed` from either side ends it, and so does the end of the socket.
 *
 * Both ways, the client's end is a WebSocket too, and both ends do the same: the relay grants each what it may send,
 * and sends marks among the bytes, which whoever has taken what was before them echoes. So nobody is granted anything
 * on the word of one who does not read: what a mark says can't be guessed. `end` says that an end sends no more; when
 * both have said so, the relay closes.
 */
import * as z from 'zod';
import { type ErrorCode, httpStatus } from '../errors.ts';
import { uuid } from '../ids.ts';

/** Which way a channel's bytes go. Each direction is one way to couple the two ends (worker/relay/couplings). */
export type Direction = 'to server' | 'from server' | 'both ways';

/** What two ends are coupled by. A new use of the relay is a new channel here, in the direction that it needs. */
export interface Channel<D extends Direction = Direction, Value = unknown> {
  name: string;
  direction: D;
  /** What either end says in text. */
  frame: z.ZodType<Frame<Value>>;
  /** What `done` says. */
  value: z.ZodType<Value>;
  /** More bytes than this are refused. */
  maxBytes: number;
}

/** Header of the dial that carries the secret. */
export const ticketHeader = 'X-Openagent-Transfer';

/** What a host needs to come to its end of an opened channel; it gets it in a call. */
export const ticket = z.object({ id: uuid, secret: z.string().min(32).max(200) });
export type Ticket = z.infer<typeof ticket>;

const isErrorCode = (code: string): code is ErrorCode => code in httpStatus;
const errorCode = z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal'));

export type Frame<Value = unknown> =
  /** Receiver → sender: this many bytes more may be sent. */
  | { type: 'grant'; bytes: number }
  /** Both ways, relay → either end, and echoed once it has taken all bytes before it. */
  | { type: 'mark'; id: string }
  /** Sender → receiver: all bytes were sent. */
  | { type: 'end' }
  /** Receiver → sender: everything was taken; `value` says what became of it. */
  | { type: 'done'; value: Value }
  /** Either side: it ends here, with a text for people. */
  | { type: 'failed'; code: ErrorCode; message: string };

/** A channel whose bytes go one way, and whose receiver says at the end what became of them. */
export const channel = <const D extends Direction, Value>(
  name: string,
  direction: D,
  value: z.ZodType<Value>,
  { maxBytes = Number.POSITIVE_INFINITY }: { maxBytes?: number } = {},
): Channel<D, Value> => {
  const frame = z.discriminatedUnion('type', [
    z.object({ type: z.literal('grant'), bytes: z.number().int().positive() }),
    z.object({ type: z.literal('mark'), id: z.string().max(100) }),
    z.object({ type: z.literal('end') }),
    z.object({ type: z.literal('done'), value }),
    z.object({ type: z.literal('failed'), code: errorCode, message: z.string() }),
  ]);
  return { name, direction, value, frame, maxBytes };
};

/** The frame in a text message, or null when it is none of this channel. */
export const parseFrame = <Value>({ frame }: Channel<Direction, Value>, text: string): Frame<Value> | null => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // The caller refuses it like any other that is no frame.
  }
  return frame.safeParse(json).data ?? null;
};
