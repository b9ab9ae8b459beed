import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/errors.ts';
import type { FilesActed } from '../hands/actor/acting-on-files.ts';
import { dialledAt, type Listening } from './listening.ts';

/**
 * Connects, as the user of this process, to a port that its place listens on: what comes in goes there, and what it
 * says is what comes out. Throws `not_found` for any other port, whoever listens on it, and `bad_gateway` where nobody
 * takes the connection. It is looked twice, so that a port which somebody else takes over meanwhile is not reached.
 */
export const connectTo = async (
  port: number,
  ofPlace: () => Listening[],
  body: AsyncGenerator<Uint8Array, void>,
  signal: AbortSignal,
): Promise<FilesActed> => {
  const here = (): Listening => {
    const one = ofPlace().find((each) => each.port === port);
    if (one) return one;
    throw new AppError('not_found', notHereText(port));
  };
  const socket = connect({ port, host: dialledAt(here()), allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal });
    here();
  } catch (cause) {
    socket.destroy();
    if (cause instanceof AppError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('bad_gateway', `What listens on port ${port} took no connection: ${reason}.`, { cause });
  }
  socket.on('error', () => undefined); // Whoever reads is told by the end of the bytes.
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  // The end of what comes in is passed on, and what the server still has to say is read. A failure ends both.
  pipeline(Readable.from(body, { objectMode: false }), socket).catch(() => socket.destroy());
  return { reply: {}, bytes: { read: reading(socket), close: async () => void socket.destroy() } };
};

/** The next bytes of the socket, at most so many; null at the end. Throws AppError where it breaks off. */
const reading = (socket: Socket) => {
  const parts: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  let left: Buffer = Buffer.alloc(0);
  return async (max: number): Promise<Uint8Array | null> => {
    while (left.length === 0) {
      const next = await parts.next().catch((cause: unknown) => {
        throw new AppError('bad_gateway', 'The server broke the connection off.', { cause });
      });
      if (next.done) return null;
      left = next.value;
    }
    const piece = left.subarray(0, max);
    left = left.subarray(piece.length);
    return piece;
  };
};

const notHereText = (port: number): string =>
  `Nothing that was started in this workspace listens on port ${port}. GET /api/workspaces/{id}/ports lists what does. ` +
  'Ports of other users, of the machine and of Open Agent itself are not reached this way.';
