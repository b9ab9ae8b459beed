/**
 * What applies to a user, as every request that counts needs it: read off D1 at most every half a minute, and never
 * waited for long. While D1 is away it is what was last known, else the defaults, so that no quota makes D1 anybody's
 * precondition. Objects are given it with each call.
 */
import { defaultLimits, type Limits, quotaNames } from '../../shared/quotas.ts';
import { directory } from '../directory/directory.ts';
import { everybody, readQuotas } from '../directory/quotas.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';

/** So long a change takes to reach every isolate. */
const freshMs = 30_000;
/** A D1 that does not answer is asked again after this. */
const retryMs = 5_000;
/** A request is not held up longer than this for a number that rarely changes. */
const patienceMs = 1_000;
/** Users whose limits an isolate remembers; 200 bytes each. */
const mostKnown = 10_000;

const known = new Map<string, { limits: Limits; goodUntilMs: number }>();

export const limitsOf = async (env: Env, owner: string): Promise<Limits> => {
  const nowMs = env.clock.now();
  const last = known.get(owner);
  if (last && nowMs < last.goodUntilMs) return last.limits;
  const read = await within(env, readLimits(env, owner));
  const limits = read ?? last?.limits ?? defaultLimits;
  remember(owner, { limits, goodUntilMs: nowMs + (read ? freshMs : retryMs) });
  return limits;
};

/** What was changed applies at once here, and in every other isolate when it reads again. */
export const forgetLimits = (): void => known.clear();

const readLimits = async (env: Env, owner: string): Promise<Limits> => {
  const rows = await readQuotas(directory(env), owner);
  const setFor = (name: string, of: string) => rows.find((row) => row.owner === of && row.name === name)?.value;
  const limits = { ...defaultLimits };
  for (const name of quotaNames) limits[name] = setFor(name, owner) ?? setFor(name, everybody) ?? limits[name];
  return limits;
};

/** Null where D1 fails or takes too long. */
const within = async (env: Env, reading: Promise<Limits>): Promise<Limits | null> => {
  const late = Promise.withResolvers<null>();
  const cancel = env.clock.after(patienceMs, () => late.resolve(null));
  try {
    return await Promise.race([reading, late.promise]);
  } catch (cause) {
    logError('quotas.not_read', cause);
    return null;
  } finally {
    cancel();
    reading.catch(() => undefined); // One that was too late is of no use, and its failure was not waited for.
  }
};

const remember = (owner: string, entry: { limits: Limits; goodUntilMs: number }): void => {
  const [oldest] = known.keys();
  if (oldest !== undefined && known.size >= mostKnown) known.delete(oldest);
  known.delete(owner);
  known.set(owner, entry);
};
