/**
 * What applies to a user, as every request that counts needs it: read off D1 at most every half a minute, and never
 * waited for long. While D1 is away it is what was last known, else the defaults, so that no quota makes D1 anybody's
 * precondition. Objects are given it with each call.
 */
import { within } from '../../shared/clock.ts';
import { defaultLimits, type Limits, quotaNames } from '../../shared/quotas.ts';
import { directory } from '../directory/directory.ts';
import { readQuotas, setFor } from '../directory/quotas.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { keepNewest } from '../newest.ts';

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
  const read = await readInTime(env, owner);
  const limits = read ?? last?.limits ?? defaultLimits;
  keepNewest(known, mostKnown, owner, { limits, goodUntilMs: nowMs + (read ? freshMs : retryMs) });
  return limits;
};

/** What was changed applies at once here, and in every other isolate when it reads again. */
export const forgetLimits = (): void => known.clear();

const readLimits = async (env: Env, owner: string): Promise<Limits> => {
  const rows = await readQuotas(directory(env), owner);
  const limits = { ...defaultLimits };
  for (const name of quotaNames) limits[name] = setFor(rows, owner, name);
  return limits;
};

/** Null where D1 fails or takes too long. */
const readInTime = (env: Env, owner: string): Promise<Limits | null> =>
  within(env.clock, patienceMs, readLimits(env, owner), () => null).catch((cause: unknown) => {
    logError('quotas.not_read', cause);
    return null;
  });
