import { beginningOf } from '../shared/text.ts';

/** A socket to one of our objects. */
export interface ObjectSocket {
  send(text: string): void;
  /** Sends a ping; false when the last two were not answered. */
  beat(): boolean;
  close(): void;
}

/** The object does not take who dials: dialling again would not change that. */
export class SocketRefused extends Error {
  override readonly name = 'SocketRefused';
}

/** The object has as many sockets of this kind as it takes; the message says so to people. */
export class SocketsFull extends Error {
  override readonly name = 'SocketsFull';
}

/** Unanswered pings after which a socket is taken for dead (protocol §5 Heartbeat). */
const maxUnanswered = 2;

/**
 * Dials an object. `onText` gets every frame that is text, `onLost` is called once when the socket ends by any side but
 * ours, or `onText` throws. Rejects when the object does not take the socket.
 */
export const dialObject = async (
  object: Pick<Fetcher, 'fetch'>,
  url: string,
  onText: (text: string) => void,
  onLost: (cause: unknown) => void,
): Promise<ObjectSocket> => {
  const response = await object.fetch(url, { headers: { Upgrade: 'websocket' } });
  const socket = response.webSocket;
  if (!socket) {
    const text = beginningOf(await response.text(), 200);
    if (response.status === 403) throw new SocketRefused(text);
    if (response.status === 429) throw new SocketsFull(text);
    throw new Error(`the object refused a socket: ${response.status} ${text}`);
  }

  let isOver = false;
  let unanswered = 0;
  const lose = (cause: unknown) => {
    if (isOver) return;
    isOver = true;
    socket.close(1000, 'lost');
    onLost(cause);
  };
  socket.addEventListener('message', ({ data }) => {
    if (isOver || typeof data !== 'string') return;
    if (data === 'pong') {
      unanswered = 0;
      return;
    }
    try {
      onText(data);
    } catch (cause) {
      lose(cause);
    }
  });
  socket.addEventListener('close', ({ code, reason }) => lose(new SocketClosed(code, reason)));
  socket.addEventListener('error', ({ error }) => lose(error));
  socket.accept();

  return {
    send: (text) => {
      if (!isOver) socket.send(text);
    },
    beat: () => {
      if (isOver || unanswered >= maxUnanswered) return false;
      unanswered += 1;
      socket.send('ping');
      return true;
    },
    close: () => {
      if (isOver) return;
      isOver = true;
      socket.close(1000, 'left');
    },
  };
};

/** The object has closed the socket. */
export class SocketClosed extends Error {
  override readonly name = 'SocketClosed';
  readonly code: number;

  constructor(code: number, reason: string) {
    super(`the object closed: ${code} ${reason}`);
    this.code = code;
  }
}
