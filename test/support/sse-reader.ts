// A dashboard's end of the event stream: reads SSE from a fetch, keeps every event, waits for what a test expects.
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

  const take = (block: string): void => {
    const lines = block.split('\n');
    const field = (name: string): string | null =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
    comments.push(...lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1).trim()));
    lastId = field('id') ?? lastId;
    const data = field('data');
    const event = { id: field('id'), name: field('event') ?? '', data: JSON.parse(data ?? '{}') };
    if (data !== null) events.push(event);
    if (data !== null || event.id !== null) onEvent?.(event);
    for (const look of looking) look();
  };

  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  };

  const ended = read(response.body)
    .catch((error: unknown) => {
      // A killed edge cuts the stream; what was read until then is what counts.
      if (!(error instanceof Error)) throw error;
    })
    .finally(() => {
      isOver = true;
      for (const look of looking) look();
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
