import { type Clock, wait } from '../../../shared/clock.ts';
import { basicAuthorization } from '../api/authorization.ts';
import type { OpenCodeProcess } from './process.ts';
import { isAnswering } from './readiness.ts';

export interface FrozenTimes {
  /** Between two looks. */
  lookMs: number;
  /** For an answer: a busy OpenCode is slow, but not this slow. */
  answerMs: number;
  /**
   * One that has not answered for this long does nothing any more: its longest pauses, on a busy machine, are of
   * seconds.
   */
  limitMs: number;
  /** And so many looks in a row, because a machine that was suspended needs a moment too. */
  looks: number;
}

const times: FrozenTimes = { lookMs: 10_000, answerMs: 10_000, limitMs: 120_000, looks: 6 };

/**
 * Resolves with true when a running OpenCode has stopped answering for good, with false when it ended by itself. This
 * is no limit on a turn: a process whose event loop stands still runs none, and whoever waits for it would wait for
 * ever.
 */
export const isFrozen = async (
  { url, username, password, exited }: Pick<OpenCodeProcess, 'url' | 'username' | 'password' | 'exited'>,
  clock: Clock,
  { lookMs, answerMs, limitMs, looks }: FrozenTimes = times,
): Promise<boolean> => {
  const authorization = basicAuthorization({ username, password });
  const ended = exited.then(() => true);
  let answeredAt = clock.steadyMs();
  for (let missed = 0; missed < looks || clock.steadyMs() - answeredAt < limitMs; ) {
    if (await Promise.race([ended, wait(clock, lookMs, undefined, { keepsAlive: false })])) return false;
    if (await isAnswering(url, authorization, clock, answerMs)) {
      answeredAt = clock.steadyMs();
      missed = 0;
    } else missed += 1;
  }
  return true;
};
