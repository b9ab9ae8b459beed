import { keepNewest } from './newest.ts';

/** How often something may be tried: `burst` times at once, and once more each `everyMs`. */
export interface Pace {
  burst: number;
  everyMs: number;
}

/**
 * When the attempts under a name will be forgotten, with one more: each puts that off by `everyMs` (the "generic cell
 * rate algorithm"). So one number is all there is to keep, it is worthless from then on, and who used everything up is
 * slowed down to the pace instead of being shut out. It never gets further than one attempt past what is allowed.
 */
export const withOneMore = (clearAt: number, now: number, { burst, everyMs }: Pace): number =>
  Math.min(Math.max(clearAt, now) + everyMs, now + burst * everyMs + 1);

/** How long the next attempt has to wait (milliseconds), after those that are counted in `clearAt`; 0: not at all. */
export const waitMs = (clearAt: number, now: number, { burst, everyMs }: Pace): number =>
  Math.max(0, Math.max(clearAt, now) + everyMs - burst * everyMs - now);

/** Enough for all that get as far as being counted, and less than a megabyte. */
const maxNames = 4_096;
/** That nobody was at an address before is believed for so long, and a failing D1 is mentioned so often. */
const believedMs = 60_000;

/**
 * What this isolate remembers of attempts: so a flood is refused without asking D1, and the limits hold while D1 is
 * away, for each isolate by itself. What was forgotten elsewhere is held against somebody here until one more attempt
 * is due by the pace.
 */
export class Attempts {
  readonly #clearAt = new Map<string, number>();
  readonly #accounts = new Map<string, { accounts: ReadonlySet<string>; until: number }>();
  #mentionedAt = Number.NEGATIVE_INFINITY;

  clearAt(name: string): number {
    return this.#clearAt.get(name) ?? 0;
  }

  note(name: string, clearAt: number): void {
    keepNewest(this.#clearAt, maxNames, name, clearAt);
  }

  /**
   * Whether an account has logged in from an address before; null where D1 has to be asked. That it has stays so, that
   * it hasn't is believed for a minute.
   */
  isKnown(address: string, account: string, now: number): boolean | null {
    const found = this.#accounts.get(address);
    if (found?.accounts.has(account)) return true;
    return found && now < found.until ? false : null;
  }

  noteAccounts(address: string, accounts: Iterable<string>, now: number): void {
    keepNewest(this.#accounts, maxNames, address, { accounts: new Set(accounts), until: now + believedMs });
  }

  noteKnown(address: string, account: string): void {
    const { accounts, until } = this.#accounts.get(address) ?? { accounts: [], until: 0 };
    keepNewest(this.#accounts, maxNames, address, { accounts: new Set([...accounts, account]), until });
  }

  /** Whether to log that D1 is away: once in a while, not with each of a flood. */
  isWorthMentioning(now: number): boolean {
    if (now < this.#mentionedAt + believedMs) return false;
    this.#mentionedAt = now;
    return true;
  }
}
