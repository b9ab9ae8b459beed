/**
 * How often passwords and enrolment codes may be tried (architecture §5): counted before anything is hashed, per
 * address and account, per address, and per account. What is counted under an account never shuts out its owner, only
 * slows: an address that has logged in to it before has a count of its own, and any address its first tries.
 */
import { createHmac } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { type Pace, waitMs, withOneMore } from '../attempts.ts';
import { countAttempts, forgetAttempts, keepKnown, readAttempts, takeBack } from '../directory/attempts.ts';
import { directory } from '../directory/directory.ts';
import { pruneLater } from '../directory/prune.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';

/** Enough for a person's typing errors, far too few for guessing. */
const own: Pace = { burst: 10, everyMs: 30_000 };
/** Several people at one address, none of whom has logged in from there lately. */
const ofAddress: Pace = { burst: 20, everyMs: 15_000 };
/** All strangers together; a guess every three seconds finds no password in a lifetime. */
const ofAccount: Pace = { burst: 100, everyMs: 3_000 };
/** So many tries an address has for an account whatever other addresses did: an owner in a new place needs no more. */
const firstTries: Pace = { burst: 3, everyMs: own.everyMs };

/** Something that is counted, and in which words it is refused. */
interface Count {
  name: string;
  pace: Pace;
  text: string;
}

/** Who tries, by the names that are counted. They are keyed hashes: people type passwords into the name field. */
export interface Tried {
  own: Count;
  address: Count;
  account: Count;
}

/** `account`: its name as it was typed and is compared, whether it exists or not. */
export const triedLogin = (env: Env, address: string, account: string): Tried => ({
  own: { name: hashOf(env, 'own', address, account), pace: own, text: 'failed logins' },
  address: { name: hashOf(env, 'address', address), pace: ofAddress, text: 'failed logins from your address' },
  account: { name: hashOf(env, 'account', account), pace: ofAccount, text: 'failed logins to this account' },
});

const hashOf = (env: Env, ...parts: string[]): string =>
  createHmac('sha256', `attempts\n${env.JWT_SECRET ?? ''}`)
    .update(JSON.stringify(parts))
    .digest('hex');

/**
 * Whether this isolate remembers that an account was logged in to from there: then nobody has to be asked. Throws 429
 * where what it remembers is enough to refuse.
 */
export const rememberedLogin = (env: Env, tried: Tried, now: number): 'known' | 'stranger' | 'unsure' => {
  const isKnown = env.attempts.isKnown(tried.address.name, tried.account.name, now);
  if (isKnown === null) return 'unsure';
  refuse(env, tried, isKnown, now);
  return isKnown ? 'known' : 'stranger';
};

/** Whether D1 is asked who that is although there is no room for strangers: an owner may be among them. */
export const mayLookUp = (env: Env, here: 'stranger' | 'unsure', now: number): boolean => {
  const asked = env.attempts.clearAt(lookUps.name);
  if (here === 'stranger' || waitMs(asked, now, lookUps.pace) > 0) return false;
  env.attempts.note(lookUps.name, withOneMore(asked, now, lookUps.pace));
  return true;
};

/** Ten a second cost D1 and this thread nothing. */
const lookUps = { name: 'look-ups', pace: { burst: 10, everyMs: 100 } };

/**
 * Whether an account has been logged in to from there before. Throws 429 where it may not be tried now; nothing is
 * counted yet.
 */
export const allowLogin = async (env: Env, tried: Tried, now: number): Promise<boolean> => {
  try {
    const names = [tried.own.name, tried.address.name, tried.account.name];
    const found = await readAttempts(directory(env), names, tried.address.name);
    env.attempts.noteAccounts(tried.address.name, found.accounts, now);
    for (const name of names) env.attempts.note(name, found.clearAt.get(name) ?? 0);
  } catch (cause) {
    mention(env, cause, now);
  }
  const isKnown = env.attempts.isKnown(tried.address.name, tried.account.name, now) ?? false;
  refuse(env, tried, isKnown, now);
  return isKnown;
};

/** Counts an attempt that was allowed. Throws 429 after all for what came at the same time and was too much. */
export const countLogin = async (env: Env, tried: Tried, isKnown: boolean, now: number): Promise<void> => {
  const before = env.attempts.clearAt(tried.own.name);
  const counts = isKnown ? [tried.own] : [tried.own, tried.address, tried.account];
  await count(env, counts, now);
  const isFirst = waitMs(before, now, firstTries) === 0;
  for (const each of isFirst ? counts.filter((each) => each !== tried.account) : counts)
    requireWithin(each, env.attempts.clearAt(each.name), now);
};

/** A correct attempt forgives the failures of its address with its account, and leaves no others behind. */
export const forgiveLogin = (env: Env, tried: Tried, isKnown: boolean, now: number): void => {
  env.attempts.note(tried.own.name, 0);
  env.attempts.noteKnown(tried.address.name, tried.account.name);
  env.later(
    tolerated(env, now, async () => {
      const db = directory(env);
      await forgetAttempts(db, tried.own.name);
      // Only itself: whoever has an account could else go on guessing those of others.
      if (!isKnown) await takeBack(db, [tried.address, tried.account]);
      await keepKnown(db, tried.address.name, tried.account.name, now);
    }),
  );
};

/** Counts an enrolment, apart from logins, or throws 429. Out: what forgives it once it was right. */
export const countEnrolment = async (env: Env, address: string, now: number): Promise<() => void> => {
  const each = { name: hashOf(env, 'enrolment', address), pace: own, text: 'failed enrolments' };
  const waits = waitMs(env.attempts.clearAt(each.name), now, each.pace);
  if (waits > 0) throw tooMany(each.text, waits, now);
  await count(env, [each], now);
  requireWithin(each, env.attempts.clearAt(each.name), now);
  return () => {
    env.attempts.note(each.name, 0);
    env.later(tolerated(env, now, () => forgetAttempts(directory(env), each.name)));
  };
};

const refuse = (env: Env, tried: Tried, isKnown: boolean, now: number): void => {
  const isFirst = waitMs(env.attempts.clearAt(tried.own.name), now, firstTries) === 0;
  const checked = isKnown ? [tried.own] : [tried.own, tried.address, ...(isFirst ? [] : [tried.account])];
  for (const { name, pace, text } of checked) {
    const waits = waitMs(env.attempts.clearAt(name), now, pace);
    if (waits > 0) throw tooMany(text, waits, now);
  }
};

/** Counts in D1, where all isolates see it; while it is away in this isolate alone. */
const count = async (env: Env, counts: readonly Count[], now: number): Promise<void> => {
  let counted = new Map<string, number>();
  try {
    counted = await countAttempts(directory(env), counts, now);
    pruneLater(env);
  } catch (cause) {
    mention(env, cause, now);
  }
  for (const { name, pace } of counts) {
    env.attempts.note(name, counted.get(name) ?? withOneMore(env.attempts.clearAt(name), now, pace));
  }
};

/** After it was counted: of several at once those beyond the limit see it by what they were counted to. */
const requireWithin = ({ pace, text }: Count, clearAt: number, now: number): void => {
  const over = clearAt - now - pace.burst * pace.everyMs;
  if (over > 0) throw tooMany(text, Math.max(over, waitMs(clearAt, now, pace)), now);
};

const tooMany = (what: string, waits: number, now: number): AppError => {
  const clock = new Date(now + waits).toISOString().slice(11, 19);
  const retryAfterS = Math.max(1, Math.ceil(waits / 1000));
  const text = `Too many ${what}: try again in ${retryAfterS} s (after ${clock} UTC)`;
  return new AppError('too_many', text, { retryAfterS });
};

/** What no answer waits for is tried once: what is not forgotten or pruned now is so at the next time. */
const tolerated = async (env: Env, now: number, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (cause) {
    mention(env, cause, now);
  }
};

const mention = (env: Env, cause: unknown, now: number): void => {
  if (env.attempts.isWorthMentioning(now)) logError('attempts.not_in_directory', cause);
};
