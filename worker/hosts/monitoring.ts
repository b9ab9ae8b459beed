import * as z from 'zod';
import { type Sample, type SamplePosition, systemCalls } from '../../shared/calls/system.ts';
import type { Cancel } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import type { Principal } from '../principal.ts';
import { callHost } from './call.ts';

/** Contract §7.3: one sample per second. */
const sampleMs = 1_000;
/** Seconds between two calls: each wakes the server's object, so one brings the samples of several seconds. */
const ticksPerCall = 5;
/** A socket is ended after this long and dialled again: the token, the list of servers and the Worker may be others. */
const rotateMs = 60 * 60_000;

/** What a page may send. */
const pageMessage = z.object({ t: z.enum(['pause', 'resume']) });

/** Where the figures come from; `server` is asked until it names one. */
export interface Watched {
  env: Env;
  /** Who looks. */
  principal: Principal;
  server(): Promise<string | null>;
}

/**
 * Shows a server's figures on a page's socket until either side ends: first what the server has kept, then one sample
 * per second, five seconds late. While the server is away nothing is sent; what it measured meanwhile follows at once
 * when it is back. Out: stops it, for whoever closes the socket.
 */
export const watch = (socket: WebSocket, { env, principal, server }: Watched): Cancel => {
  let position: SamplePosition | null = null;
  let host: string | null = null;
  const waiting: Sample[] = [];
  let isPaused = false;
  let isFetching = false;
  let hasFailed = false;
  let ticks = 0;

  const fetchSamples = async (): Promise<void> => {
    host ??= await server();
    if (host === null) return;
    const isFirst = position === null;
    const { at, samples } = await callHost(env, principal, host, systemCalls.samples, { after: position });
    if (!isOpen()) return;
    position = at;
    // The newest follow one by one until the next reply comes, so that the page moves from its first second on.
    const history = isFirst ? samples.slice(0, -ticksPerCall) : [];
    if (history.length > 0) socket.send(JSON.stringify({ type: 'history', history }));
    waiting.push(...samples.slice(history.length));
  };

  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN;

  const tick = (): void => {
    if (isPaused || !isOpen()) return;
    // More than one round may have gathered while the server was away or the page was paused.
    for (const sample of waiting.splice(0, Math.max(1, waiting.length - ticksPerCall))) {
      socket.send(JSON.stringify(sample));
    }
    ticks += 1;
    if (ticks * sampleMs > rotateMs) {
      end();
      return;
    }
    if (isFetching || ticks % ticksPerCall !== 1) return;
    isFetching = true;
    fetchSamples()
      .catch((cause: unknown) => {
        // Away is an ordinary thing for a server to be, and so it is to have no mission there yet: the next call shows
        // whether that is still so. The page stays whole and without figures meanwhile.
        if (cause instanceof AppError && (cause.code === 'unavailable' || cause.code === 'forbidden')) return;
        if (!hasFailed) logError('monitoring.failed', cause, { host: host ?? 'none' });
        hasFailed = true;
        // An expected refusal would be repeated by a new socket. Any other failure may be one of the platform that a
        // new socket does not have.
        if (!(cause instanceof AppError)) end();
      })
      .finally(() => {
        isFetching = false;
      });
  };

  const stop = env.clock.every(sampleMs, tick);
  const end = (): void => {
    stop();
    if (isOpen()) socket.close(1000, 'dial again');
  };
  socket.addEventListener('message', ({ data }) => {
    const wanted = wantedIn(data);
    if (wanted !== null) isPaused = wanted === 'pause';
  });
  socket.addEventListener('close', stop);
  socket.addEventListener('error', stop);
  tick();
  return stop;
};

/** Null for anything else: ignored, as the contract's other sockets do. */
const wantedIn = (data: unknown): 'pause' | 'resume' | null => {
  if (typeof data !== 'string') return null;
  try {
    return pageMessage.parse(JSON.parse(data)).t;
  } catch {
    return null; // Not JSON, or of another shape.
  }
};
