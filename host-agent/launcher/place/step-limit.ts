import type { Clock } from '../../../shared/clock.ts';
import type { Begin } from './try-place.ts';

/** A disk that is there answers a look within milliseconds; who waits for a start waits no longer than two seconds. */
export const lookMs = 1_500;
/** What is written through to a disk that is busy, and the start of a process on a machine that is. */
const slowMs = 20_000;

/**
 * Of a limit so many parts are counted: a process that got no time meanwhile has missed an answer that may be there.
 */
export const parts = 10;

/**
 * Limits each step of a look, by the time in which this process could have heard of its end: `late` gets the sentence
 * for the person when one takes longer than it may. `end`: there are no more.
 */
export const stepLimit = (clock: Clock, late: (reason: string) => void): { begin: Begin; end: () => void } => {
  let cancel = (): void => undefined;
  const begin: Begin = (what, slow) => {
    cancel();
    const reason = `${what} does not answer. Is it on a network or FUSE disk that is away? Mount it again, or set another one.`;
    let left = parts;
    cancel = clock.every((slow ? slowMs : lookMs) / parts, () => {
      left -= 1;
      if (left > 0) return;
      cancel();
      late(reason);
    });
  };
  return { begin, end: () => cancel() };
};
