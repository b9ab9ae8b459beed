import { type Clock, rest } from '../../shared/clock.ts';
import type { Log } from '../process/log.ts';
import type { Outbox } from './outbox.ts';
import { StoreFull } from './transaction.ts';

/** Often enough for a person who has just freed some space; a look costs one small write, and only while full. */
export const recheckMs = 10_000;
/** Pruning is bounded per call; see Outbox.prune. */
const pruneMs = 60_000;

/** Prunes acknowledged rows and, while the disk is full, looks for room; until `signal` aborts. */
export const keepOutbox = async (
  outbox: Outbox,
  { clock, log, recheckMs }: { clock: Clock; log: Log; recheckMs: number },
  signal: AbortSignal,
): Promise<void> => {
  outbox.on('full', () =>
    log.error('outbox.full', {
      text: 'No new turn starts until there is room: free disk space, or bring the edge back.',
    }),
  );
  outbox.on('room', () => log.info('outbox.room'));
  let prunedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      await outbox.recheck();
      if (clock.steadyMs() - prunedAt >= pruneMs) {
        prunedAt = clock.steadyMs();
        outbox.prune(clock.now());
      }
    } catch (error) {
      // Pruning needs a little room itself; the next round tries again.
      if (!(error instanceof StoreFull)) throw error;
    }
    await rest(clock, recheckMs, signal);
  }
};
