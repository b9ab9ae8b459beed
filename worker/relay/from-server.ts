import { Window } from '../../shared/channels/credit.ts';
import { AppError } from '../../shared/errors.ts';
import type { Coupling } from './flow.ts';

/**
 * The server's bytes as a response of exactly as many as the client's end asks for (`?bytes=`). The server is granted
 * more as its reader takes them; if it ends before, the body breaks off, which every HTTP client notices by the length
 * it was told.
 */
export const readBack: Coupling = async (client, _channel, server, { begin, moved, done, fail }) => {
  const bytes = Number(new URL(client.url).searchParams.get('bytes'));
  const { readable, writable } = new FixedLengthStream(bytes);
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined); // Each write and the close report the same failure, so it is ignored here.
  let left = bytes;
  const window = new Window((granted) => server.send({ type: 'grant', bytes: granted }));
  begin({
    bytes: (chunk) => {
      if (chunk.byteLength === 0 || !window.arrived(chunk.byteLength)) return fail(tooMuch());
      left -= chunk.byteLength;
      if (left < 0) return fail(otherLength());
      writer.write(new Uint8Array(chunk)).then(
        () => {
          moved();
          window.taken(chunk.byteLength);
        },
        () => fail(unread()),
      );
    },
    frame: (frame) => {
      if (frame.type !== 'end' || left > 0) return fail(otherLength());
      writer.close().then(
        () => {
          server.send({ type: 'done', value: null });
          done();
        },
        () => fail(unread()),
      );
    },
    failed: (error) => {
      writer.abort(error).catch(() => undefined); // Its reader may be gone already.
    },
  });
  window.open();
  return new Response(readable, { headers: { 'Content-Type': 'application/octet-stream' } });
};

const unread = () => new AppError('unavailable', 'The download ended: nobody reads it any more.');
const otherLength = () => new AppError('internal', 'The server sent more or less than it had announced. Try again.');
const tooMuch = () => new AppError('internal', 'The server sent more than it was granted. Update the older side.');
