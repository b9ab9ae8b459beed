import { createParser } from 'eventsource-parser';
import * as z from 'zod';

const id = z.union([z.string(), z.number()]);
const answered = z.object({ id, error: z.object({ message: z.string() }).optional() });

/** MCP's own code for a connection that ended. */
const connectionClosed = -32_000;

export interface Answering {
  /** Of the request that this answers. */
  id: string | number;
  /** Nobody waits for an answer any more. */
  signal?: AbortSignal;
  /** What is said where it ends without one. */
  cut: string;
  /** Called once it has ended, with the error that it was answered with. */
  over?(error: string | undefined): void;
}

/**
 * The stream of events that answers a request of MCP, as it comes. Where it ends without an answer there is an error at
 * its end: clients of MCP would wait for as long as they wait for anything. One that can be resumed (its events have
 * names) is left as it is.
 */
export const answering = (
  from: ReadableStream<Uint8Array>,
  { id, signal, cut, over = () => undefined }: Answering,
): ReadableStream<Uint8Array> => {
  let isAnswered = false;
  let error: string | undefined;
  const parser = createParser({
    onEvent: (event) => {
      const answer = event.data === '' ? undefined : answered.safeParse(parsed(event.data)).data;
      if (event.id !== undefined) isAnswered = true;
      if (answer?.id !== id) return;
      isAnswered = true;
      error = answer.error?.message;
    },
  });
  const decoder = new TextDecoder();
  const reader = from.getReader();
  const lost = { jsonrpc: '2.0', id, error: { code: connectionClosed, message: cut } };
  return new ReadableStream<Uint8Array>({
    pull: async (stream) => {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (value) {
        parser.feed(decoder.decode(value, { stream: true }));
        stream.enqueue(value);
      }
      if (!done) return;
      if (!isAnswered && !signal?.aborted) {
        error = cut;
        stream.enqueue(new TextEncoder().encode(`\n\ndata: ${JSON.stringify(lost)}\n\n`));
      }
      over(error);
      stream.close();
    },
    cancel: (reason) => {
      over(undefined);
      return reader.cancel(reason);
    },
  });
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Whoever reads the stream says so.
  }
};
