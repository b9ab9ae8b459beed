import { type Clock, wait } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

/** Who wants a password to be hashed: from where, and whether the account has been logged in to from there before. */
export interface Asker {
  address: string;
  isKnown: boolean;
}

/** One at once: there is one thread, on which two would each take twice as long, and each takes 32 MiB. */
const atOnce = 1;
/** So many may wait in each of the two lines, about four seconds; the next ones had better come again. */
const mayWait = 8;
/** From one address, waiting and at work: nobody alone fills the line of strangers. */
const mayWaitPerAddress = 2;
/** When somebody who found no room may try again. */
const comeAgainS = 2;
const lookMs = 25;
/**
 * Between two slices of a hash: nothing while nobody else wants one, else so much that what streams notices no flood: a
 * slice of 1 ms is then a quarter of the time.
 */
const pauseMs = { alone: 0, besideOthers: 3 };
/** A place that nobody has renewed for so long is that of a request that was ended: far longer than a slice takes. */
const abandonedMs = 10_000;

interface Place {
  asker: Asker;
  /** It is taken before its attempt is counted, waits when that was allowed, and is at work when it is its turn. */
  state: 'taken' | 'waiting' | 'at work';
  renewedAt: number;
}

/** Does something when it is one's turn, in slices of about a millisecond with a `pause` before each. */
export type InTurn = <T>(work: (pause: () => Promise<void>) => Promise<T>) => Promise<T>;

/**
 * Lets passwords be hashed one after the other. Who asks from where the account was logged in to before comes first,
 * and has a line apart, so that no flood of strangers keeps an owner out. A place is kept by renewing it, and its turn
 * is looked for, not told: a request that has ended must not be waited for, nor be woken by another one.
 */
export class Hashing {
  readonly #places: Place[] = [];

  /** Keeps a place for as long as `use` takes. Throws 429 where the asker's line is full. */
  async withPlace<T>(asker: Asker, clock: Clock, use: (inTurn: InTurn) => Promise<T>): Promise<T> {
    this.requireRoom(asker, clock);
    const place: Place = { asker, state: 'taken', renewedAt: clock.steadyMs() };
    this.#places.push(place);
    try {
      return await use((work) => this.#inTurn(place, clock, work));
    } finally {
      this.#leave(place);
    }
  }

  /** Throws 429 where the asker's line is full. */
  requireRoom(asker: Asker, clock: Clock): void {
    this.#dropAbandoned(clock);
    const line = this.#places.filter(
      ({ asker: other, state }) => other.isKnown === asker.isKnown && state !== 'at work',
    );
    const own = this.#places.filter(({ asker: other }) => other.address === asker.address);
    if (line.length < mayWait && (asker.isKnown || own.length < mayWaitPerAddress)) return;
    const text = `Too many logins are being checked: try again in ${comeAgainS} s`;
    throw new AppError('too_many', text, { retryAfterS: comeAgainS });
  }

  async #inTurn<T>(place: Place, clock: Clock, work: (pause: () => Promise<void>) => Promise<T>): Promise<T> {
    const renew = (): void => {
      place.renewedAt = clock.steadyMs();
      // After a stall of the whole thread everybody looks as if they had gone.
      if (!this.#places.includes(place)) this.#places.push(place);
    };
    place.state = 'waiting';
    renew();
    while (!this.#isNext(place)) {
      await wait(clock, lookMs);
      renew();
      this.#dropAbandoned(clock);
    }
    place.state = 'at work';
    try {
      return await work(async () => {
        renew();
        await wait(clock, this.#places.length > 1 ? pauseMs.besideOthers : pauseMs.alone);
      });
    } finally {
      place.state = 'taken';
    }
  }

  #isNext(place: Place): boolean {
    if (this.#places.filter(({ state }) => state === 'at work').length >= atOnce) return false;
    const waiting = this.#places.filter(({ state }) => state === 'waiting');
    return (waiting.find(({ asker }) => asker.isKnown) ?? waiting[0]) === place;
  }

  #dropAbandoned(clock: Clock): void {
    const since = clock.steadyMs() - abandonedMs;
    for (const place of this.#places.filter(({ renewedAt }) => renewedAt < since)) this.#leave(place);
  }

  #leave(place: Place): void {
    const at = this.#places.indexOf(place);
    if (at !== -1) this.#places.splice(at, 1);
  }
}

/** This isolate's: all its requests have one thread. */
export const hashing = new Hashing();
