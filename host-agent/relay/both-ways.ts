import type { Frame } from '../../shared/channels/channel.ts';
import { Credit } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import { transferChunkBytes, transferWindowBytes } from '../../shared/limits.ts';
import { createInflow } from '../process/inflow.ts';
import { told } from './receive.ts';
import type { ChannelEvents } from './socket.ts';

/** The socket of one end: of the server, or of a client. */
export interface CarryingSocket {
  send(frame: Frame<null>): void;
  sendBytes(chunk: Uint8Array): void;
  /** Ends the socket; `error`, if there is one, is told before. May be repeated. */
  close(error: AppError | null): void;
}

/** What the socket's bytes come from and go to. `bytes` throws where it breaks off. */
export interface Carried {
  bytes: AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * Carries bytes both ways over the socket of one end of a channel (shared/channels), at the pace of whoever reads:
 * `open` is given what comes from the other end, and says what goes there. Resolves when the connection is over. Throws
 * what `open` or its bytes threw, after the other end was told; a cut socket throws inside `open`'s body. To a `client`
 * the server's end is the end of everything: what it still sends nobody reads, and it need not wait to be granted it.
 */
export const carryBothWays = async (
  dial: (events: ChannelEvents<null>) => CarryingSocket,
  open: (body: AsyncGenerator<Uint8Array, void>) => Promise<Carried>,
  as: 'client' | 'server',
): Promise<void> => {
  const credit = new Credit();
  const opened = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const marks: { id: string; at: number }[] = [];
  let arrivedBytes = 0;
  // The inflow says first that it has room for a window, then each time what was taken.
  let takenBytes = -transferWindowBytes;
  const inflow = createInflow((bytes) => {
    takenBytes += bytes;
    echo();
  });
  const echo = (): void => {
    while (marks[0] && marks[0].at <= takenBytes) socket.send({ type: 'mark', id: marks.shift()?.id ?? '' });
  };
  let carried: Carried | undefined;
  const ended = { here: false, there: false };
  const isWhole = (): boolean => ended.here && ended.there;
  let failure: AppError | null = null;
  const end = (error: AppError): void => {
    failure ??= error;
    inflow.fail(error);
    credit.fail(error);
    carried?.close();
  };
  const socket = dial({
    open: () => {
      inflow.open();
      opened.resolve();
    },
    bytes: (chunk) => {
      arrivedBytes += chunk.length;
      if (!inflow.arrived(chunk)) end(tooMuch());
    },
    frame: (frame) => {
      if (frame.type === 'grant') credit.grant(frame.bytes);
      else if (frame.type === 'mark') {
        marks.push({ id: frame.id, at: arrivedBytes });
        echo();
      } else if (frame.type === 'end') {
        ended.there = true;
        inflow.end();
        if (as === 'client') credit.grant(Number.MAX_SAFE_INTEGER);
      } else end(frame.type === 'failed' ? new AppError(frame.code, frame.message) : tooMuch());
    },
    gone: (error) => {
      if (!isWhole()) end(error); // Else what has come is still read.
      opened.resolve();
      gone.resolve();
    },
  });
  try {
    await opened.promise; // Before that nothing could be told to the other end.
    if (failure) throw failure;
    carried = await open(inflow.read());
    if (failure) throw failure;
    for await (const part of carried.bytes) {
      for (let at = 0; at < part.length; at += transferChunkBytes) {
        const piece = part.subarray(at, at + transferChunkBytes);
        await credit.spend(piece.length);
        socket.sendBytes(piece);
      }
    }
    if (failure) throw failure;
    socket.send({ type: 'end' });
    ended.here = true;
    await gone.promise;
  } catch (error) {
    socket.close(told(error));
    throw error;
  } finally {
    await gone.promise;
    if (!isWhole()) carried?.close();
  }
};

const tooMuch = () => new AppError('internal', 'The edge sent what was not asked for. Update the older side.');
