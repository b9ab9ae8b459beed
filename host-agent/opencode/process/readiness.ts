import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/** Ten times what a start takes on two busy cores (opencode §13). */
const startLimitMs = 30_000;
/** A request that came too early is never answered (opencode §2.4); the next one, on a new connection, is. */
const probeLimitMs = 1_500;
const probePauseMs = 50;

const Health = z.object({ healthy: z.literal(true), version: z.string() });

/** The URL in OpenCode's "listening" line. Rejects when the output ends first or it takes too long. */
export const listeningUrl = async (stdout: Readable): Promise<string> => {
  const late = AbortSignal.timeout(startLimitMs);
  const stop = () => stdout.destroy(new Error(`OpenCode did not say that it listens within ${startLimitMs} ms`));
  late.addEventListener('abort', stop);
  let text = '';
  try {
    for await (const piece of stdout.iterator({ destroyOnReturn: false })) {
      text += String(piece);
      const url = /listening on (http:\/\/\S+)\s/.exec(text)?.[1];
      if (url !== undefined) return url;
    }
  } finally {
    late.removeEventListener('abort', stop);
  }
  throw new Error('OpenCode ended before it listened');
};

/** Waits until OpenCode answers and gives its version. Rejects when it does not in time, or refuses the password. */
export const answeringVersion = async (url: string, authorization: string): Promise<string> => {
  const until = performance.now() + startLimitMs;
  for (;;) {
    try {
      const response = await fetch(`${url}/global/health`, {
        headers: { authorization, connection: 'close' },
        signal: AbortSignal.timeout(probeLimitMs),
      });
      if (!response.ok) throw new Error(`OpenCode's health route answered ${response.status}`);
      return Health.parse(await response.json()).version;
    } catch (error) {
      if (performance.now() > until) throw new Error(`OpenCode at ${url} does not answer`, { cause: error });
      await pause(probePauseMs);
    }
  }
};

/** Whether OpenCode's health route answers one request, whatever it says, within `limitMs`. */
export const isAnswering = async (url: string, authorization: string, limitMs: number): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/global/health`, {
      headers: { authorization, connection: 'close' },
      signal: AbortSignal.timeout(limitMs),
    });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
};
