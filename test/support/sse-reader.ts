// A dashboard's end of the event stream: reads SSE from a fetch, keeps every event, waits for what a test expects.
import { createParser } from 'eventsource-parser';
import { apiFetch } from './declared-answer.ts';

export interface StreamEvent {
  id: string | null;
  name: string;
  data: Record<string, unknown>;
}

export interface StreamReader {
  events: StreamEvent[];
  comments: string[];
  /** The first event, past or coming, that fits; rejects when the stream ends without it. */
  until(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Calls `look` now and whenever something has come. */
  watch(look: () => void): void;
  lastId(): string | null;
  /** Resolves when the server or `close` has ended the stream. */
  ended: Promise<void>;
  close(): void;
}

/** `onEvent` is called with each event as it comes; a bare position is an event without a name. */
export const readStream = async (
  url: string,
  headers: Record<string, string>,
  onEvent?: (event: StreamEvent) => void,
): Promise<StreamReader> => {
  const aborting = new AbortController();
  const response = await apiFetch(url, { headers, signal: aborting.signal });
  if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}: ${await response.text()}`);
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  const looking = new Set<() => void>();
  let lastId: string | null = null;
  let isOver = false;

  const wake = (): void => {
    for (const look of looking) look();
  };
  /**
   * A position that came; it is a bare one if the event behind it, which the parser tells at once, is of another block.
   */
  let position: string | null = null;
  const tellBare = (): void => {
    if (position !== null) onEvent?.({ id: position, name: '', data: {} });
    position = null;
  };
  const parser = createParser({
    onComment: (comment) => void comments.push(comment.trim()),
    onId: (id) => {
      tellBare();
      lastId = id;
      position = id;
    },
    onEvent: ({ id, event, data }) => {
      if (id === position) position = null;
      tellBare();
      const seen = { id: id ?? null, name: event ?? '', data: JSON.parse(data) };
      events.push(seen);
      onEvent?.(seen);
      wake();
    },
  });

  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      parser.feed(text);
      tellBare();
      wake();
    }
  };

  const ended = read(response.body)
    .catch((error: unknown) => {
      // A killed edge cuts the stream; what was read until then is what counts.
      if (!(error instanceof Error)) throw error;
    })
    .finally(() => {
      isOver = true;
      wake();
    });

  return {
    events,
    comments,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const event = events.find(fits);
          if (!event && !isOver) return;
          looking.delete(look);
          if (event) resolve(event);
          else reject(new Error(`the stream ended without it; seen: ${events.map(({ name }) => name).join(' ')}`));
        };
        looking.add(look);
        look();
      }),
    watch: (look) => {
      looking.add(look);
      look();
    },
    lastId: () => lastId,
    ended,
    close: () => aborting.abort(),
  };
};
