import { Credit } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import { transferChunkBytes } from '../../shared/limits.ts';
import type { Coupling, Hooks } from './flow.ts';
import { asAppError } from './port.ts';
import type { ServerEnd } from './server-end.ts';

/**
 * Sends the client's body to the server, no faster than it grants. Out: what the server says became of it. Throws what
 * either side failed with, and 413 above the channel's `maxBytes`. The one place where a body's bytes are in memory: at
 * most a window and a chunk of them.
 */
export const sendOn: Coupling = async ({ body }, { maxBytes }, server, hooks) => {
  try {
    const value = await sent(body, maxBytes, server, hooks);
    hooks.done();
    return Response.json(value);
  } catch (cause) {
    throw asAppError(cause, 'The upload was cut off before its end. Send the file again.');
  }
};

const sent = async (
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  server: ServerEnd,
  { begin, moved, fail }: Hooks,
): Promise<unknown> => {
  const credit = new Credit();
  const done = Promise.withResolvers<unknown>();
  done.promise.catch(() => undefined); // Awaited below, when the body is at its end.
  const reader = body?.getReader({ mode: 'byob' });
  let failure: AppError | null = null;
  begin({
    bytes: () => fail(outOfTurn()),
    frame: (frame) => {
      if (frame.type === 'grant') credit.grant(frame.bytes);
      else if (frame.type === 'done') done.resolve(frame.value);
      else fail(outOfTurn());
    },
    failed: (error) => {
      failure = error;
      credit.fail(error);
      done.reject(error);
      // A client that sends nothing would keep the read waiting.
      reader?.cancel(error).catch(() => undefined); // Its body may have ended the same moment.
    },
  });

  for (let sent = 0; reader; ) {
    // Whole chunks: a buffer for each small piece that a network brings would be garbage many times the size of the
    // file.
    const { done: isEnd, value } = await reader.readAtLeast(transferChunkBytes, new Uint8Array(transferChunkBytes));
    if (failure) throw failure;
    const bytes = value?.byteLength ?? 0;
    sent += bytes;
    if (sent > maxBytes) throw new AppError('too_large', `The upload is larger than ${maxBytes} bytes`);
    if (value && bytes > 0) {
      await credit.spend(bytes);
      server.sendBytes(value);
      moved();
    }
    if (isEnd) break;
  }
  server.send({ type: 'end' });
  return done.promise;
};

const outOfTurn = () => new AppError('internal', 'The server spoke out of turn in an upload. Update the older side.');
