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
  const { missions, tokensPerSecond, seconds } = round;
  const count = Math.round(tokensPerSecond * seconds);
  const poised = await system.poised(missions, `STAMPS ${count} DELAY ${Math.round(1000 / tokensPerSecond)}`);
  const { url, authorization } = system.openCodeServer();
  const [client, own] = await Promise.all([
    record(`${system.url}/api/control/stream?format=delta`, system.headers),
    record(`${url}/global/event`, { authorization }),
  ]);
  await pause(settleMs);
  poised.begin();
  await pause(seconds * 500);
  during?.();
  await pause(seconds * 500);
  await system.untilIdle();
  await pause(settleMs);
  client.close();
  own.close();

  const atOpenCode = own.tokens();
  const atClient = client.tokens();
  const added = [...atOpenCode].flatMap(([id, { at }]) => {
    const there = atClient.get(id);
    return there ? [there.at - at] : [];
  });
  const arrivals = [...atOpenCode.values()];
  const begunMs = Math.min(...arrivals.slice(0, missions).map(({ at, delayMs }) => at - delayMs));
  const tookMs = arrivals.reduce((last, { at }) => Math.max(last, at), 0) - begunMs;
  return {
    added: spreadOf(added),
    openCode: spreadOf(arrivals.map(({ delayMs }) => delayMs)),
    keptUp: { delivered: (atOpenCode.size / tookMs) * 1000, offered: missions * tokensPerSecond },
    missing: atOpenCode.size - added.length,
  };
};
