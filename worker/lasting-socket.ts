import { doubled } from '../shared/backoff.ts';
import type { Cancel, Clock } from '../shared/clock.ts';
import { dialObject, type ObjectSocket } from './object-socket.ts';

/** An object comes back from a deploy or a move within a moment; longer waits spare one that does not. */
export const redialMinMs = 200;

/** An object, and what it is asked for. */
export interface SocketTarget {
  object: Pick<Fetcher, 'fetch'>;
  url: string;
}

/** What is dialled, and what becomes of what it says. */
export interface SocketUse {
  clock: Clock;
  /** The longest wait before it is dialled again. */
  redialMaxMs: number;
  /** Asked at every dial: what has met an exception of the object fails for good (Cloudflare: "Error handling"). */
  target: () => SocketTarget | Promise<SocketTarget>;
  /** A frame; where this throws the socket is lost. */
  onText: (text: string) => void;
  /** The socket is gone, or was not taken, so often without a frame in between. False: it is not dialled again. */
  onLost: (cause: unknown, failures: number) => boolean;
}

/** A tie to one object. */
export interface LastingSocket {
  /** Dials for the first time; resolves when the object has answered. Never rejects: trouble goes to `onLost`. */
  open(): Promise<void>;
  /** False while there is no socket. */
  send(text: string): boolean;
  /** Called now and then, it finds a socket that died without a word. */
  beat(): void;
  close(): void;
}

/** A socket to an object that is dialled again until it is closed here. */
export const lastingSocket = ({ clock, redialMaxMs, target, onText, onLost }: SocketUse): LastingSocket => {
  let socket: ObjectSocket | null = null;
  let stopWaiting: Cancel | null = null;
  let failures = 0;
  let isClosed = false;

  const close = (): void => {
    isClosed = true;
    stopWaiting?.();
    socket?.close();
  };
  const take = (text: string): void => {
    if (isClosed) return;
    onText(text);
    failures = 0;
  };
  const lost = (cause: unknown): void => {
    socket = null;
    if (isClosed) return;
    failures += 1;
    if (!onLost(cause, failures)) close();
    if (!isClosed) stopWaiting = clock.after(doubled(redialMinMs, redialMaxMs, failures - 1), () => void open());
  };
  const open = async (): Promise<void> => {
    try {
      const { object, url } = await target();
      const dialled = await dialObject(object, url, take, lost);
      if (isClosed) dialled.close();
      else socket = dialled;
    } catch (cause) {
      lost(cause);
    }
  };

  return {
    open,
    send: (text) => {
      socket?.send(text);
      return socket !== null;
    },
    beat: () => {
      if (!socket || socket.beat()) return;
      socket.close();
      lost(new Error('no pong within two heartbeats'));
    },
    close,
  };
};
