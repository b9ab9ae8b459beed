import type { Context } from './context.ts';

/** True for a request that wants to become a WebSocket. */
export const isHandshake = (c: Context): boolean =>
  c.req.method === 'GET' && c.req.header('Upgrade')?.toLowerCase() === 'websocket';

/** The subprotocols that a handshake offers; one of them may hold a login token (contract §7.1). */
export const offeredProtocols = (c: Context): string[] =>
  (c.req.header('Sec-WebSocket-Protocol') ?? '').split(',').map((protocol) => protocol.trim());
