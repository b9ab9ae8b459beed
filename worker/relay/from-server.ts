import { Window } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import type { Hooks } from './flow.ts';
import type { ServerSide } from './server-side.ts';

/**
 * The server's bytes as a response of exactly `bytes` bytes. The server is granted more as its reader takes them; if it ends
 * before, the body breaks off, which every HTTP client notices by the length it was told.
 */
export const readBack = (bytes: number, server: ServerSide, { begin, moved, done, fail }: Hooks): Response => {
  const { readable, writable } = new FixedLengthStream(bytes);
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined); // Each write and the close report the same failure, so it is ignored here.
  let left = bytes;
  const window = new Window((granted) => server.send({ type: 'grant', bytes: granted }));
  begin({
    bytes: (chunk) => {
      if (chunk.byteLength === 0 || !window.arrived(chunk.byteLength)) return fail(tooMuch);
      left -= chunk.byteLength;
      if (left < 0) return fail(otherLength);
      writer.write(new Uint8Array(chunk)).then(
        () => {
          moved();
          window.taken(chunk.byteLength);
        },
        () => fail(unread),
      );
    },
    frame: (frame) => {
      if (frame.type !== 'end' || left > 0) return fail(otherLength);
      writer.close().then(
        () => {
          server.send({ type: 'done', value: null });
          done();
        },
        () => fail(unread),
      );
    },
    failed: (error) => {
      writer.abort(error).catch(() => undefined); // Its reader may be gone already.
    },
  });
  window.open();
  return new Response(readable, { headers: { 'Content-Type': 'application/octet-stream' } });
};

const unread = new AppError('unavailable', 'The download ended: nobody reads it any more.');
const otherLength = new AppError('internal', 'The server sent more or less than it had announced. Try again.');
const tooMuch = new AppError('internal', 'The server sent more than it was granted. Update the older side.');
