import { type Clock, wait } from '../../../shared/clock.ts';

/**
 * Objects that are asked at once. Each that sleeps is constructed for it, which is work of its own thread on
 * Cloudflare, and all of it of the one thread of an edge under workerd.
 */
const atOnce = 8;
/** workerd looks for new requests only when it has nothing left to do: so long it has nothing of this. */
const restMs = 2;

/** Does something for each of many, a few at once, and lets whatever waits have its turn in between. */
export const fewAtOnce = async <T>(clock: Clock, all: readonly T[], act: (each: T) => Promise<void>): Promise<void> => {
  for (let from = 0; from < all.length; from += atOnce) {
    const few = all.slice(from, from + atOnce);
    await Promise.all(few.map(act));
    if (few.length === atOnce) await wait(clock, restMs);
  }
};
