import type { Context } from '../http/context.ts';
import { declaredRoute } from '../http/declared.ts';
import { isHandshake, offeredProtocols } from '../http/handshake.ts';

/**
 * True for a WebSocket handshake whose login token is in the offered subprotocols, since a browser cannot send an
 * `Authorization` header with a dial (contract §7.1).
 */
export const isSocketRequest = (c: Context): boolean =>
  isHandshake(c) && declaredRoute(c.req.method, c.req.path)?.answer.kind === 'socket';

/** The token among the offered subprotocols `openagent, jwt.<token>`; undefined when there is none. */
export const socketToken = (c: Context): string | undefined =>
  offeredProtocols(c)
    .find((protocol) => protocol.startsWith('jwt.') && protocol.length > 'jwt.'.length)
    ?.slice('jwt.'.length);
