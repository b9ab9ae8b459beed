// A connection that an app keeps to the control stream, as both apps do it: read, look for trouble, dial again.
import { setTimeout as pause } from 'node:timers/promises';

export type Parser = (bytes: Uint8Array) => void;

export interface KeptStream {
  /** HTTP statuses of all attempts so far; 0 for a network error. */
  statuses: number[];
  /**
   * Content type and encoding of the last answer: the web app tells people when the stream is compressed on the way.
   */
  headers: () => { type: string | null; encoding: string | null };
  /** Resets the delay; called on what an app takes for a sign of life. */
  isAlive(): void;
  /** Ends this attempt; another follows by the app's own rule. */
  drop(): void;
  /** For good. */
  close(): void;
  ended: Promise<void>;
}

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

/**
 * Dials and reads until closed. `again`: whether an attempt with this HTTP status is followed by another (0: network
 * error). Delays double from 1 s to 30 s (contract §4.5, §4.6).
 */
export const keepStream = (
  dial: (signal: AbortSignal) => Promise<Response>,
  parser: () => Parser,
  again: (status: number) => boolean,
): KeptStream => {
  const closing = new AbortController();
  const statuses: number[] = [];
  let answer: Response | null = null;
  let attempt = new AbortController();
  let failures = 0;

  const readOnce = async (): Promise<number> => {
    attempt = new AbortController();
    try {
      const response = await dial(AbortSignal.any([closing.signal, attempt.signal]));
      answer = response;
      statuses.push(response.status);
      const take = parser();
      if (!response.body) return response.status;
      for await (const bytes of response.body) take(bytes);
      return response.status;
    } catch (error: unknown) {
      // A refused or cut connection is what this loop is for; both apps treat it as the end of the stream.
      if (!(error instanceof Error)) throw error;
      if (answer === null) statuses.push(0);
      return statuses.at(-1) ?? 0;
    }
  };

  const keep = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      answer = null;
      const status = await readOnce();
      if (closing.signal.aborted || !again(status)) return;
      const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** failures);
      failures += 1;
      await pause(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };

  return {
    statuses,
    headers: () => ({
      type: answer?.headers.get('content-type') ?? null,
      encoding: answer?.headers.get('content-encoding') ?? null,
    }),
    isAlive: () => {
      failures = 0;
    },
    drop: () => attempt.abort(),
    close: () => closing.abort(),
    ended: keep(),
  };
};
