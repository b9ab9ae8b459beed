import { type Clock, wait } from '../../shared/clock.ts';

export interface AnsweringTimes {
  /** Between two looks. */
  lookMs: number;
  /** For an answer: a busy process is slow, but not this slow. */
  answerMs: number;
  /**
   * One that has not answered for this long does nothing any more: its longest pauses, on a busy machine, are of
   * seconds.
   */
  limitMs: number;
  /** And so many looks in a row, because a machine that was suspended needs a moment too. */
  looks: number;
}

export const answeringTimes: AnsweringTimes = { lookMs: 10_000, answerMs: 10_000, limitMs: 120_000, looks: 6 };

/** A process whose event loop can be asked for a sign of life. */
export interface Watched {
  exited: Promise<unknown>;
  /** Whether it answers, whatever it says, within `limitMs`. Never rejects. */
  answers(limitMs: number): Promise<boolean>;
}

/**
 * Resolves with true when a running process has stopped answering for good, with false when it ended by itself. This is
 * no limit on a turn: a process whose event loop stands still runs none, and whoever waits for it would wait for ever.
 */
export const stopsAnswering = async (
  { exited, answers }: Watched,
  clock: Clock,
  { lookMs, answerMs, limitMs, looks }: AnsweringTimes = answeringTimes,
): Promise<boolean> => {
  const ended = exited.then(() => true);
  let answeredAt = clock.steadyMs();
  for (let missed = 0; missed < looks || clock.steadyMs() - answeredAt < limitMs; ) {
    if (await Promise.race([ended, wait(clock, lookMs, undefined, { keepsAlive: false })])) return false;
    if (await answers(answerMs)) {
      answeredAt = clock.steadyMs();
      missed = 0;
    } else missed += 1;
  }
  return true;
};
