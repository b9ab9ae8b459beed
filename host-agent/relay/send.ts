import type { Channel, Ticket } from '../../shared/channels/channel.ts';
import { Credit } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import { transferChunkBytes } from '../../shared/limits.ts';
import { told } from './receive.ts';
import { atRelay, ChannelSocket, type Dial } from './socket.ts';

/**
 * Sends bytes over one opened channel, no faster than the edge grants. `read` gives the next at most so many, null at
 * the end. Resolves when the edge has taken all of them. Throws what `read` threw, after the edge was told, and
 * AppError when the socket ended before.
 */
export const sendBytes = async (
  dial: Dial,
  channel: Channel<'from server'>,
  ticket: Ticket,
  read: (max: number) => Promise<Uint8Array | null>,
): Promise<void> => {
  const credit = new Credit();
  const opened = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => undefined); // Awaited below, when all is sent.
  const fail = (error: AppError): void => {
    credit.fail(error);
    done.reject(error);
  };
  const socket = new ChannelSocket(atRelay(dial, ticket), channel, {
    open: () => opened.resolve(),
    bytes: () => fail(outOfTurn()),
    frame: (frame) => {
      if (frame.type === 'grant') credit.grant(frame.bytes);
      else if (frame.type === 'done') done.resolve();
      else fail(frame.type === 'failed' ? new AppError(frame.code, frame.message) : outOfTurn());
    },
    gone: (error) => {
      fail(error);
      opened.resolve();
    },
  });
  try {
    // Before that nothing could be told to the edge.
    await opened.promise;
    for (;;) {
      const chunk = await read(transferChunkBytes);
      if (!chunk) break;
      await credit.spend(chunk.length);
      socket.sendBytes(chunk);
    }
    socket.send({ type: 'end' });
    await done.promise;
    socket.close(null);
  } catch (error) {
    socket.close(told(error));
    throw error;
  }
};

const outOfTurn = () => new AppError('internal', 'The edge spoke out of turn in a download. Update the older side.');
