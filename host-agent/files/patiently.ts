import { type Clock, wait } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

/** Hands that are being started again take a second or two, and on a busy machine more (as missions/mission-hands). */
const awayMs = 10_000;
const lookMs = 100;

/** Does something in a place that may be done twice, again while its hands are away. Throws what the last try threw. */
export const patiently = async <T>(clock: Clock, work: () => Promise<T>): Promise<T> => {
  for (const until = clock.steadyMs() + awayMs; ; await wait(clock, lookMs)) {
    try {
      return await work();
    } catch (error) {
      const isAway = error instanceof AppError && error.code === 'unavailable';
      if (!isAway || clock.steadyMs() > until) throw error;
    }
  }
};
