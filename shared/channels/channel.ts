/**
 * One file on its way between an HTTP request and a server, over a WebSocket that the host-agent dials for this transfer alone:
 * `GET {edge}/api/host/relay/<transfer id>` with `Authorization: Bearer <host id>.<credential>` and the transfer's one-time secret
 * in `X-Openagent-Transfer`. Bytes are binary messages, the rest is JSON text; the host sends a literal `ping` and hears `pong`.
 *
 * WebSockets have no back-pressure, so the receiver grants bytes: the sender never has more under way than was granted and not
 * yet taken, which bounds memory on all sides whatever the file's size. Upload: grant… bytes… `end`, then `done` with what was
 * stored. Download: the same with the roles exchanged. `failed` from either side ends it, and so does the end of the socket.
 */
import { z } from 'zod';
import { type ErrorCode, httpStatus } from '../errors.ts';
import { uuid } from '../ids.ts';

/** Header of the dial that carries the secret. */
export const transferHeader = 'X-Openagent-Transfer';

/** What a host needs to take part in one transfer. */
export const transferTicket = z.object({ id: uuid, secret: z.string().min(32).max(200) });
export type TransferTicket = z.infer<typeof transferTicket>;

const isErrorCode = (code: string): code is ErrorCode => code in httpStatus;
const errorCode = z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal'));

const transferFrame = z.discriminatedUnion('type', [
  /** Receiver → sender: this many bytes more may be sent. */
  z.object({ type: z.literal('grant'), bytes: z.number().int().positive() }),
  /** Sender → receiver: all bytes were sent. */
  z.object({ type: z.literal('end') }),
  /** Receiver → sender: everything was taken; `value` says what became of it. */
  z.object({ type: z.literal('done'), value: z.unknown() }),
  /** Either side: it ends here, with a text for people. */
  z.object({ type: z.literal('failed'), code: errorCode, message: z.string() }),
]);
export type TransferFrame = z.infer<typeof transferFrame>;

/** The frame in a text message, or null when it is none. */
export const parseTransferFrame = (text: string): TransferFrame | null => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // The caller refuses it like any other that is no frame.
  }
  return transferFrame.safeParse(json).data ?? null;
};
