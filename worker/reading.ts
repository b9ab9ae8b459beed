import { keepNewest } from './newest.ts';

/** So many characters of long answers a user may take at once: all that people look at, whole. */
export const readAtOnce = 16 * 1024 * 1024;

/**
 * And so much in a second from then on. What was read is garbage a moment later, and after each 15 MB or so everybody
 * stands still for some 30 ms while it is collected: as fast as one thread can, that is several times a second.
 */
export const readEverySecond = 4 * 1024 * 1024;

/** Far more than read at a time, and less than a megabyte. */
const maxReaders = 4_096;

/**
 * What each user has read of long answers lately, as this isolate knows it: whoever reads more and more is slowed down
 * to a pace, so that nobody else waits for the collection of what was read.
 */
export class Reading {
  /** When all of a user's allowance is there again. */
  readonly #wholeAt = new Map<string, number>();

  /** Counts a piece of an answer. Out: how long its reader has to wait for it (milliseconds); 0: not at all. */
  waitMs(user: string, characters: number, now: number): number {
    const wholeAt = Math.max(this.#wholeAt.get(user) ?? 0, now) + (characters / readEverySecond) * 1000;
    keepNewest(this.#wholeAt, maxReaders, user, wholeAt);
    return Math.max(0, Math.ceil(wholeAt - now - (readAtOnce / readEverySecond) * 1000));
  }
}
