import * as z from 'zod';
import { channel, type Frame, parseFrame, type Ticket, ticketHeader } from '../../shared/channels/channel.ts';
import { type EnrolledHost, request } from './edge.ts';

/** A peer looks at frames of every channel. */
const anyChannel = channel('any', 'to server', z.unknown());

/** A server's end of one transfer inside workerd. */
export interface TransferPeer {
  send(frame: Frame): void;
  sendBytes(chunk: Uint8Array): void;
  /** The next frame of this type, already arrived or to come; rejects when the socket ends without it. */
  next<T extends Frame['type']>(type: T): Promise<Extract<Frame, { type: T }>>;
  /** How many bytes have come. */
  received(): number;
  /** Resolves when so many bytes have come; rejects when the socket ends before. */
  arrived(bytes: number): Promise<void>;
  text(): string;
  /** Resolves when everything that was sent to us before now has arrived. */
  settled(): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** What a dial of a transfer is answered with. */
export const dial = (host: Pick<EnrolledHost, 'id' | 'credential'>, { id, secret }: Ticket): Promise<Response> =>
  request(`/api/host/relay/${id}`, {
    headers: {
      Upgrade: 'websocket',
      Authorization: `Bearer ${host.id}.${host.credential}`,
      [ticketHeader]: secret,
    },
  });

/** Joins a transfer as its server. */
export const joinTransfer = async (host: EnrolledHost, ticket: Ticket): Promise<TransferPeer> => {
  const response = await dial(host, ticket);
  if (!response.webSocket) throw new Error(`no socket: ${response.status} ${await response.text()}`);
  return transferPeer(response.webSocket);
};

export const transferPeer = (socket: WebSocket): TransferPeer => {
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  const chunks: Uint8Array[] = [];
  let pongs = 0;
  let ended = false;
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const changed = () => {
    for (const look of waiting) look();
  };
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (isThere()) resolve();
        else if (ended) reject(new Error('the transfer ended'));
        else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) chunks.push(new Uint8Array(data));
    else if (data === 'pong') pongs++;
    else {
      const frame = parseFrame(anyChannel, String(data));
      if (!frame) throw new Error(`no frame: ${String(data)}`);
      frames.push(frame);
    }
    changed();
  });
  socket.addEventListener('close', ({ code, reason }) => {
    ended = true;
    closed.resolve({ code, reason });
    changed();
  });
  socket.accept();
  const received = () => chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return {
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendBytes: (chunk) => socket.send(chunk),
    next: async <T extends Frame['type']>(type: T) => {
      await until(() => frames.some((frame) => frame.type === type));
      const at = frames.findIndex((frame) => frame.type === type);
      return frames.splice(at, 1)[0] as Extract<Frame, { type: T }>;
    },
    received,
    arrived: (bytes) => until(() => received() >= bytes),
    text: () => new TextDecoder().decode(Buffer.concat(chunks)),
    settled: async () => {
      const before = pongs;
      socket.send('ping');
      await until(() => pongs > before);
    },
    closed: closed.promise,
    close: () => socket.close(1000, 'test'),
  };
};
