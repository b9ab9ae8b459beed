import * as z from 'zod';
import { httpStatus } from '../../../shared/errors.ts';
import { defaultLimits } from '../../../shared/quotas.ts';
import { exceeded } from './usage.ts';

const held = z.object({ owner: z.string(), bytes: z.number() });
const tag = 'upload';

/** What the dial of an upload says. */
const dial = z.object({
  owner: z.string(),
  /** Announced length; 0 where the client announces none. */
  bytes: z.coerce.number().int().nonnegative(),
  uploads: z.coerce.number().int(),
  upload_bytes: z.coerce.number().int(),
});

/**
 * Uploads under way, each a hibernating socket that the Worker holds while it has the body: whatever ends the request
 * ends the socket, so none is counted that is over.
 */
export class Uploads {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  of(owner: string): { uploads: number; upload_bytes: number } {
    const mine = this.#ctx
      .getWebSockets(tag)
      .filter((socket) => socket.readyState === WebSocket.OPEN)
      .map((socket) => held.parse(socket.deserializeAttachment()))
      .filter((each) => each.owner === owner);
    return { uploads: mine.length, upload_bytes: mine.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Takes one in, or refuses it (429, 413). The query is as `dial` has it. */
  accept(query: URLSearchParams): Response {
    const { owner, bytes, ...given } = dial.parse(Object.fromEntries(query));
    const mine = this.of(owner);
    const above =
      mine.uploads + 1 > given.uploads
        ? 'uploads'
        : mine.upload_bytes + bytes > given.upload_bytes
          ? 'upload_bytes'
          : null;
    if (above !== null) {
      const { code, message } = exceeded(above, { ...defaultLimits, ...given });
      return new Response(message, { status: httpStatus[code] });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, [tag]);
    server.serializeAttachment({ owner, bytes } satisfies z.infer<typeof held>);
    return new Response(null, { status: 101, webSocket: client });
  }
}
