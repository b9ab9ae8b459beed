import { doubled } from '../../shared/backoff.ts';
import type { Log, LogLevel } from './log.ts';

/** What fails again and again. */
export interface Trouble {
  /** It failed. Out: how long to wait before it is tried again (milliseconds), each time longer. */
  failed(error: unknown, level?: LogLevel): number;
  /** It worked. */
  over(): void;
}

/**
 * First wait, and the longest: a person who mends the cause does not wait long, and a night of it is some 3,000 tries.
 */
const [minMs, maxMs] = [1_000, 30_000];

/**
 * Keeps count of a failure that repeats. The log has `event` when it begins and when its reason is another one, not
 * each time, so that it can't fill a disk; and how often it was, once it is over.
 */
export const trouble = (log: Log, event: string): Trouble => {
  let times = 0;
  let said: string | null = null;
  return {
    failed(error, level = 'error') {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== said) log[level](event, { error });
      said = reason;
      return doubled(minMs, maxMs, times++);
    },
    over() {
      if (times > 1) log.info(`${event}_over`, { times });
      times = 0;
      said = null;
    },
  };
};
