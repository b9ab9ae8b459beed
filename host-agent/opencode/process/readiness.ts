import type { Readable } from 'node:stream';
import * as z from 'zod';
import { type Clock, wait } from '../../../shared/clock.ts';

/** Ten times what a start takes on two busy cores (opencode §13). */
const startLimitMs = 30_000;
/** A request that came too early is never answered (opencode §2.4); the next one, on a new connection, is. */
const probeLimitMs = 1_500;
const probePauseMs = 50;

const Health = z.object({ healthy: z.literal(true), version: z.string() });

/** The URL in OpenCode's "listening" line. Rejects when the output ends first or it takes too long. */
export const listeningUrl = async (stdout: Readable, clock: Clock): Promise<string> => {
  const cancel = clock.after(startLimitMs, () =>
    stdout.destroy(new Error(`OpenCode did not say that it listens within ${startLimitMs} ms`)),
  );
  let text = '';
  try {
    for await (const piece of stdout.iterator({ destroyOnReturn: false })) {
      text += String(piece);
      const url = /listening on (http:\/\/\S+)\s/.exec(text)?.[1];
      if (url !== undefined) return url;
    }
  } finally {
    cancel();
  }
  throw new Error('OpenCode ended before it listened');
};

/** Waits until OpenCode answers and gives its version. Rejects when it does not in time, or refuses the password. */
export const answeringVersion = async (url: string, authorization: string, clock: Clock): Promise<string> => {
  const until = clock.steadyMs() + startLimitMs;
  for (;;) {
    try {
      const response = await fetch(`${url}/global/health`, {
        headers: { authorization, connection: 'close' },
        signal: AbortSignal.timeout(probeLimitMs),
      });
      if (!response.ok) throw new Error(`OpenCode's health route answered ${response.status}`);
      return Health.parse(await response.json()).version;
    } catch (error) {
      if (clock.steadyMs() > until) throw new Error(`OpenCode at ${url} does not answer`, { cause: error });
      await wait(clock, probePauseMs);
    }
  }
};

/** Whether OpenCode's health route answers one request, whatever it says, within `limitMs`. */
export const isAnswering = async (
  url: string,
  authorization: string,
  clock: Clock,
  limitMs: number,
): Promise<boolean> => {
  const late = new AbortController();
  const cancel = clock.after(limitMs, () => late.abort());
  try {
    const response = await fetch(`${url}/global/health`, {
      headers: { authorization, connection: 'close' },
      signal: late.signal,
    });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  } finally {
    cancel();
  }
};
