// One round of missions streaming at once, and what each token's way cost.
import { setTimeout as pause } from 'node:timers/promises';
import { record } from './arrivals.ts';
import type { RunningSystem } from './running-system.ts';
import { type Spread, spreadOf } from './spread.ts';

export interface Round {
  missions: number;
  /** Tokens a second that each mission's model sends. */
  tokensPerSecond: number;
  seconds: number;
  /** Of these, so many at either end aren't counted: all turns begin and end then, which is work of another kind. */
  uncountedSeconds?: number;
}

export interface Streamed {
  /** Milliseconds a token is later at an SSE client than on OpenCode's own stream. */
  added: Spread;
  /** Milliseconds from the model to OpenCode's own stream: the baseline. */
  openCode: Spread;
  /** Tokens a second that OpenCode's own stream brought, of those offered. */
  keptUp: { delivered: number; offered: number };
  /** Tokens that OpenCode showed and the client did not. */
  missing: number;
}

/** Everything after the last token: turns end, rows are acknowledged. */
const settleMs = 1_500;

export const streamRound = async (system: RunningSystem, round: Round, during?: () => void): Promise<Streamed> => {
  const { missions, tokensPerSecond, seconds, uncountedSeconds = 0 } = round;
  const count = Math.round(tokensPerSecond * seconds);
  const everyMs = Math.round(1000 / tokensPerSecond);
  // Models don't beat in time: each begins a little after the one before, all within the time of one token.
  const script = (index: number): string =>
    `TOKENS 1 DELAY ${Math.round((index / missions) * everyMs)}\nSTAMPS ${count} DELAY ${everyMs}`;
  const poised = await system.poised(missions, script);
  const { url, authorization } = system.openCodeServer();
  const [client, own] = await Promise.all([
    record(`${system.url}/api/control/stream?format=delta`, system.headers),
    record(`${url}/global/event`, { authorization }),
  ]);
  await pause(settleMs);
  poised.begin();
  const releasedAtMs = performance.timeOrigin + performance.now();
  await pause(seconds * 500);
  during?.();
  await pause(seconds * 500);
  await system.untilIdle();
  await pause(settleMs);
  client.close();
  own.close();

  const atOpenCode = own.tokens();
  const atClient = client.tokens();
  const isCounted = (sinceMs: number): boolean =>
    uncountedSeconds === 0 || (sinceMs >= uncountedSeconds * 1000 && sinceMs <= (seconds - uncountedSeconds) * 1000);
  const counted = [...atOpenCode].filter(([, { at }]) => isCounted(at - releasedAtMs));
  const added = counted.flatMap(([id, { at }]) => {
    const there = atClient.get(id);
    return there ? [there.at - at] : [];
  });
  const arrivals = [...atOpenCode.values()];
  const begunMs = Math.min(...arrivals.slice(0, missions).map(({ at, delayMs }) => at - delayMs));
  const tookMs = arrivals.reduce((last, { at }) => Math.max(last, at), 0) - begunMs;
  return {
    added: spreadOf(added),
    openCode: spreadOf(counted.map(([, { delayMs }]) => delayMs)),
    keptUp: { delivered: (atOpenCode.size / tookMs) * 1000, offered: missions * tokensPerSecond },
    missing: [...atOpenCode.keys()].filter((id) => !atClient.has(id)).length,
  };
};
