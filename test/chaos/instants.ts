// The clock of a round: chunks sent by the model and frames that passed the link. Faults hit in mid-stream, not by the
// wall clock.
import type { Laboratory } from '../faults/laboratory.ts';
import type { Instant } from './schedule.ts';

export type Instants = ReturnType<typeof openInstants>;

/** Counts in `lab` from now on. */
export const openInstants = ({ model, linkProxy }: Pick<Laboratory, 'model' | 'linkProxy'>) => {
  const counts = { chunks: 0, frames: 0 };
  const waiting = new Set<() => void>();
  const happened = (of: Instant['of']): void => {
    counts[of] += 1;
    for (const look of waiting) look();
  };
  model.onChunk(() => happened('chunks'));
  void linkProxy.passed((_direction, { json }) => {
    if (json !== null) happened('frames');
    return false; // It is asked about every frame for as long as it has not found one.
  });

  return {
    counts,
    /** Resolves with true when `instant` has come, with false when `over` is aborted before. */
    reached: ({ of, count }: Instant, over: AbortSignal): Promise<boolean> => {
      const at = counts[of] + count;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const look = (): void => {
        if (counts[of] < at && !over.aborted) return;
        waiting.delete(look);
        over.removeEventListener('abort', look);
        resolve(counts[of] >= at);
      };
      waiting.add(look);
      over.addEventListener('abort', look);
      look();
      return promise;
    },
  };
};
