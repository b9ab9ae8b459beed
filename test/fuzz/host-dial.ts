import { once } from 'node:events';
import WebSocket from 'ws';
import { type EdgeFrame, parseEdgeFrame } from '../../shared/frames.ts';
import { eventMs } from '../support/patience.ts';
import type { Enrolled } from './edge-process.ts';

/** How the edge ended a socket. */
export interface Closed {
  code: number;
  reason: string;
}

export type HostDial = Awaited<ReturnType<typeof dialEdge>>;

/** A host's end of the link over TCP. It sends whatever it is told to and keeps what comes back. */
export const dialEdge = async (url: string, host: Pick<Enrolled, 'id' | 'credential'>) => {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/host/link`, {
    headers: { authorization: `Bearer ${host.id}.${host.credential}` },
    perMessageDeflate: false,
  });
  const frames: EdgeFrame[] = [];
  const looking = new Set<() => void>();
  let closed: Closed | null = null;
  let trouble: Error | null = null;
  const changed = (): void => {
    for (const look of [...looking]) look();
  };
  socket.on('message', (data) => {
    const text = data.toString();
    if (text === 'pong') return;
    const parsed = parseEdgeFrame(text);
    if (parsed.ok) frames.push(parsed.frame);
    else trouble ??= new Error(`the edge sent ${text.slice(0, 200)}: ${parsed.reason}`);
    changed();
  });
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
    changed();
  });
  // 'close' follows; a protocol error of the edge shows there as 1006.
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), once(socket, 'close')]);

  /** Resolves with the first value of `look` that is not undefined. */
  const until = <T>(what: string, look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => settle(() => reject(new Error(`the edge did not answer: ${what}`))), eventMs);
      const settle = (how: () => void): void => {
        looking.delete(check);
        clearTimeout(late);
        how();
      };
      const check = (): void => {
        try {
          const value = look();
          if (trouble) throw trouble;
          if (value !== undefined) settle(() => resolve(value));
        } catch (cause) {
          settle(() => reject(cause));
        }
      };
      looking.add(check);
      check();
    });

  return {
    frames,
    until,
    closed: () => closed,
    /** Sends text, or bytes as what they claim to be. Nothing is sent once the socket has ended. */
    send: (data: string | Buffer, isBinary = false): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data, { binary: isBinary });
    },
    /** The next frame of a type after the first `from` frames; rejects when the socket ends before it. */
    next: <T extends EdgeFrame['type']>(type: T, from = 0): Promise<Extract<EdgeFrame, { type: T }>> =>
      until(type, () => {
        const found = frames.slice(from).find((frame) => frame.type === type);
        if (!found && closed) throw new Error(`closed before ${type}: ${JSON.stringify(closed)}`);
        return found as Extract<EdgeFrame, { type: T }> | undefined;
      }),
    ended: (): Promise<Closed> => until('close', () => closed ?? undefined),
    leave: (): void => socket.close(1000, 'done'),
    cut: (): void => socket.terminate(),
  };
};
