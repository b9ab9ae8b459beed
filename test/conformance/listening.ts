// Somebody who only listens to the stream, from the beginning of the suite to its end: nothing but bytes.
import { apiFetch } from '../support/declared-answer.ts';
import { stack, token } from './stage.ts';

interface Listener {
  pieces: string[];
  close: () => Promise<void>;
}
let listener: Listener | null = null;

export const beginListening = async (): Promise<Listener> => {
  const closing = new AbortController();
  const headers = { authorization: `Bearer ${token()}` };
  const response = await apiFetch(`${stack().url()}/api/control/stream`, { headers, signal: closing.signal });
  const pieces: Listener['pieces'] = [];
  const reading = (async () => {
    for await (const bytes of response.body ?? []) pieces.push(Buffer.from(bytes).toString('latin1'));
  })().catch(() => undefined); // Ended by `close`.
  listener = {
    pieces,
    close: async () => {
      closing.abort();
      await reading;
    },
  };
  return listener;
};

/** The one that began with the suite, or a new one where only a part of the suite runs. */
export const listening = async (): Promise<Listener> => listener ?? beginListening();
