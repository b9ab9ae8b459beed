import { logError } from '../log.ts';

/**
 * A JSON response written piece by piece, as fast as its reader takes it. The first piece is awaited before the status
 * is sent, so that a refusal is still an ordinary error; a later failure cuts the body short, which is no valid JSON.
 */
export const jsonStream = async (
  pieces: AsyncGenerator<string>,
  headers: Record<string, string> = {},
): Promise<Response> => {
  const encoder = new TextEncoder();
  const first = await pieces.next();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (!first.done) controller.enqueue(encoder.encode(first.value));
    },
    pull: async (controller) => {
      try {
        const next = await pieces.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (cause) {
        logError('response.cut', cause);
        controller.error(cause);
      }
    },
    cancel: async () => {
      await pieces.return(undefined);
    },
  });
  return new Response(body, { headers: { ...headers, 'Content-Type': 'application/json' } });
};
