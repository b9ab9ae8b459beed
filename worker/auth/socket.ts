import type { Context } from '../http/context.ts';
import { declaredRoute } from '../http/declared.ts';

/** True for a handshake that proves who dials by its subprotocols: browsers cannot send an `Authorization` header (contract §7.1). */
export const isSocketRequest = (c: Context): boolean =>
  isHandshake(c) && declaredRoute(c.req.method, c.req.path)?.answer.kind === 'socket';

/** True for a request that wants to become a WebSocket. */
export const isHandshake = (c: Context): boolean =>
  c.req.method === 'GET' && c.req.header('Upgrade')?.toLowerCase() === 'websocket';

/** The token among the offered subprotocols `openagent, jwt.<token>`; undefined when there is none. */
export const socketToken = (c: Context): string | undefined =>
  offered(c)
    .find((protocol) => protocol.startsWith('jwt.') && protocol.length > 'jwt.'.length)
    ?.slice('jwt.'.length);

/** The subprotocol to select: ours when it was offered, never the one that holds the token. */
export const selectedProtocol = (c: Context): string | null => (offered(c).includes('openagent') ? 'openagent' : null);

const offered = (c: Context): string[] =>
  (c.req.header('Sec-WebSocket-Protocol') ?? '').split(',').map((protocol) => protocol.trim());
