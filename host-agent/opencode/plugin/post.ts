import { type Clock, wait } from '../../../shared/clock.ts';

/** Hands that are being started again take a second or two; nothing was sent to them yet. */
const connectMs = 10_000;
const betweenTriesMs = 250;

/**
 * Bun knows more than the web's `fetch`: a request to a unix socket, and one that waits for its answer without a limit.
 */
interface BunRequest extends RequestInit {
  unix: string;
  timeout: false;
}

export const away =
  'The tools of this server do not answer: the process that runs them is not there. Nothing was done. It is started ' +
  'again by itself, so try again in a moment; if that does not help, tell the person to look at hands.log on the server.';

export const cut =
  'The process that runs the tools of this server ended in the middle of this call, so it is not known how far the call ' +
  'came. Look at what is there now before you do it again.';

export interface Post {
  /** Unix socket of the hands. */
  socket: string;
  path: string;
  body: string;
  headers?: Record<string, string>;
  signal: AbortSignal;
  clock: Clock;
}

/**
 * Posts to the hands. Only a connection that did not come about is tried again, so that nothing is done twice. Rejects
 * with an error for the model, and when `signal` aborts. `send` is Bun's own `fetch`.
 */
export const post = async (
  { socket, path, body, headers = {}, signal, clock }: Post,
  send: typeof fetch = fetch,
): Promise<Response> => {
  const sent = { accept: 'application/json, text/event-stream', 'content-type': 'application/json', ...headers };
  const request: BunRequest = { method: 'POST', headers: sent, body, signal, unix: socket, timeout: false };
  const until = clock.steadyMs() + connectMs;
  for (;;) {
    try {
      return await send(`http://hands${path}`, request);
    } catch (error) {
      signal.throwIfAborted();
      if (!wasNotSent(error)) throw new Error(cut, { cause: error });
      if (clock.steadyMs() > until) throw new Error(away, { cause: error });
      await wait(clock, betweenTriesMs, signal);
    }
  }
};

/** Bun's names for a socket that is not there, or that nobody listens on (measured). */
const wasNotSent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'ECONNREFUSED', 'FailedToOpenSocket'].includes(`${error.code}`);
