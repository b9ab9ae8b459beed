import type { Channel, Ticket } from '../../shared/channels/channel.ts';
import { Window } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import { ChannelSocket, type Dial } from './socket.ts';

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
  const queue: Uint8Array[] = [];
  const opened = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let failure: AppError | null = null;
  let isWhole = false;
  let wake = (): void => undefined;
  const fail = (error: AppError): void => {
    failure ??= error;
    wake();
  };

  const socket = new ChannelSocket(dial, channel, ticket, {
    open: () => {
      window.open();
      opened.resolve();
    },
    bytes: (chunk) => {
      if (isWhole || !window.arrived(chunk.length)) return fail(tooMuch());
      queue.push(chunk);
      wake();
    },
    frame: (frame) => {
      if (frame.type === 'end') isWhole = true;
      else if (frame.type === 'failed') fail(new AppError(frame.code, frame.message));
      wake();
    },
    gone: (error) => {
      fail(error);
      opened.resolve();
      gone.resolve();
    },
  });
  const window = new Window((bytes) => socket.send({ type: 'grant', bytes }));

  async function* body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (failure) throw failure;
      const chunk = queue.shift();
      if (chunk) {
        yield chunk;
        // The reader asks for the next chunk, so it has written this one: its bytes can be granted again.
        window.taken(chunk.length);
      } else if (isWhole) return;
      else {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    }
  }

  try {
    // Before that nothing could be told to the edge.
    await opened.promise;
    const value = await work(body());
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
