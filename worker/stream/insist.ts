import { doubled } from '../../shared/backoff.ts';
import { type Clock, wait } from '../../shared/clock.ts';
import { logError } from '../log.ts';

const minMs = 200;
const maxMs = 10_000;

/**
 * Asks an account until it answers: it is away for moments, and nobody else has what it keeps. The first failure is
 * logged as `event`. Rejects only when the signal ends it.
 */
export const insist = async <T>(
  clock: Clock,
  signal: AbortSignal,
  event: string,
  ask: () => Promise<T>,
): Promise<T> => {
  for (let failures = 0; ; failures += 1) {
    try {
      return await ask();
    } catch (cause) {
      if (failures === 0) logError(event, cause);
    }
    await wait(clock, doubled(minMs, maxMs, failures), signal);
  }
};
