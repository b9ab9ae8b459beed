import type { Channel, Ticket } from '../../shared/channels/channel.ts';
import { AppError } from '../../shared/errors.ts';
import { createInflow } from '../process/inflow.ts';
import { atRelay, ChannelSocket, type Dial } from './socket.ts';

/**
 * Takes the bytes of one opened channel: `work` reads them, at its own pace, and says what became of them, which the
 * edge is told. Resolves when the socket has ended. Throws what `work` threw, after the edge was told; a cut socket
 * throws inside `work`.
 */
export const receiveBytes = async <Value>(
  dial: Dial,
  channel: Channel<'to server', Value>,
  ticket: Ticket,
  work: (body: AsyncIterable<Uint8Array>) => Promise<Value>,
): Promise<void> => {
  const opened = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const inflow = createInflow((bytes) => socket.send({ type: 'grant', bytes }));
  const socket = new ChannelSocket(atRelay(dial, ticket), channel, {
    open: () => {
      inflow.open();
      opened.resolve();
    },
    bytes: (chunk) => {
      if (!inflow.arrived(chunk)) inflow.fail(tooMuch());
    },
    frame: (frame) => {
      if (frame.type === 'end') inflow.end();
      else if (frame.type === 'failed') inflow.fail(new AppError(frame.code, frame.message));
    },
    gone: (error) => {
      inflow.fail(error);
      opened.resolve();
      gone.resolve();
    },
  });

  try {
    // Before that nothing could be told to the edge.
    await opened.promise;
    const value = await work(inflow.read());
    socket.send({ type: 'done', value });
  } catch (error) {
    socket.close(told(error));
    throw error;
  } finally {
    const cancel = dial.clock.after(answerMs, () => socket.close(null));
    await gone.promise;
    cancel();
  }
};

const tooMuch = () => new AppError('internal', 'The edge sent more than it was granted. Update the older side.');

/** What the edge, and so the client, is told of a failure. */
export const told = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError('internal', 'The server failed in the middle of the transfer; its log says why.');

/** How long to wait for the edge to close the socket after our answer; then we close it. */
const answerMs = 10_000;
