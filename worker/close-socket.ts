import { closeReason } from '../shared/frames.ts';

/**
 * Sockets that we have closed. Kept in memory only, since what still arrives on one arrives before any eviction.
 */
const closedHere = new WeakSet<WebSocket>();

/** True for a socket that this object has closed: frames that still arrive on it are ignored. */
export const isClosedHere = (socket: WebSocket): boolean => closedHere.has(socket);

/** Closing a socket that is gone already is no error. */
export const close = (socket: WebSocket, code: number, reason: string): void => {
  closedHere.add(socket);
  if (socket.readyState !== WebSocket.CLOSED) socket.close(code, closeReason(reason));
};
