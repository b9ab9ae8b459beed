import type { Context } from '../http/context.ts';

/** Sockets of browsers, which cannot send an `Authorization` header (contract §7.1). */
const socketPaths = /^\/api\/(console\/ws|workspaces\/[^/]+\/shell|desktop\/stream|monitoring\/ws)$/;

/** True for a handshake that proves who dials by its subprotocols. */
export const isSocketRequest = (c: Context): boolean => isHandshake(c) && socketPaths.test(c.req.path);

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
