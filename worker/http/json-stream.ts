import type { Cancel } from '../../shared/clock.ts';
import { logError } from '../log.ts';

/**
 * A JSON response written piece by piece, as fast as its reader takes it. The first piece is awaited before the status
 * is sent, so that a refusal is still an ordinary error; a later failure breaks the body off, which every HTTP client
 * notices, and what came is no valid JSON. `watched` is told how to break it off too, and how it is over.
 */
export const jsonStream = async (
  pieces: AsyncGenerator<string>,
  headers: Record<string, string>,
  watched: (breakOff: (cause: Error) => void) => Cancel,
): Promise<Response> => {
  const encoder = new TextEncoder();
  const first = await pieces.next();
  let over: Cancel = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      over = watched((cause) => controller.error(cause));
      if (!first.done) controller.enqueue(encoder.encode(first.value));
    },
    pull: async (controller) => {
      try {
        const next = await pieces.next();
        if (next.done) {
          over();
          controller.close();
        } else controller.enqueue(encoder.encode(next.value));
      } catch (cause) {
        over();
        logError('response.cut', cause);
        controller.error(cause);
      }
    },
    cancel: async () => {
      over();
      await pieces.return(undefined);
    },
  });
  return new Response(body, { headers: { ...headers, 'Content-Type': 'application/json' } });
};
