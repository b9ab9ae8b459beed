import { AppError } from '../../shared/errors.ts';
import type { Context } from './context.ts';
import { isHandshake, offeredProtocols } from './handshake.ts';

/** Refuses what is no WebSocket handshake. */
export const requireHandshake = (c: Context): void => {
  if (isHandshake(c)) return;
  throw new AppError(
    'bad_request',
    'This is a WebSocket: dial it as one, with the subprotocols openagent, jwt.<token>',
  );
};

/**
 * Answers the handshake: `serve` gets our end of the socket, already open. The answer is written out, as browsers want
 * it (contract §7.1).
 */
export const acceptSocket = (c: Context, serve: (socket: WebSocket) => void): Response => {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  serve(server);
  const protocol = selectedProtocol(c);
  const headers: Record<string, string> = protocol === null ? {} : { 'Sec-WebSocket-Protocol': protocol };
  return new Response(null, { status: 101, webSocket: client, headers });
};

/** The subprotocol to select: ours when it was offered, never the one that holds the token. */
export const selectedProtocol = (c: Context): string | null =>
  offeredProtocols(c).includes('openagent') ? 'openagent' : null;
