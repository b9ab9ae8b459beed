import { AppError } from '../../shared/errors.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { keepNewest } from '../newest.ts';
import type { Login } from '../principal.ts';
import { accountOf } from './account-of.ts';

/**
 * What an account said of a login is believed this long, so that it is not asked with every request: the longest that a
 * login ended elsewhere goes on opening doors (architecture §5). Streams end at once, by their sockets.
 */
export const keptForMs = 10_000;
/** The same while the account cannot be asked: a moment's trouble of one object logs nobody out. */
export const believedForMs = 60_000;
/** Logins whose state an isolate remembers: about 100 bytes each. */
const maxKnown = 10_000;

/** What this isolate was told last, by the login's id, the oldest first. */
const known = new Map<string, { isKept: boolean; at: number }>();

/** Whether nobody has ended a login whose token is good. Throws 503 where its account does not say. */
export const isKept = async (env: Env, owner: string, login: Login): Promise<boolean> => {
  const now = env.clock.now();
  const last = known.get(login.id);
  const ageMs = last === undefined ? Number.POSITIVE_INFINITY : now - last.at;
  // A clock that was set back says nothing about how old this is.
  if (last && ageMs >= 0 && ageMs < keptForMs) return last.isKept;
  try {
    const isKept = await asked(env, owner, login);
    keepNewest(known, maxKnown, login.id, { isKept, at: now });
    return isKept;
  } catch (cause) {
    logError('account.unreachable', cause);
    if (last && ageMs >= 0 && ageMs < believedForMs) return last.isKept;
    throw new AppError('unavailable', 'Whether this login is still good cannot be found out now: try again', { cause });
  }
};

/** A login was ended by this isolate: nothing that it was told before counts. */
export const askAgain = (): void => known.clear();

/** An object that is being deployed or moved fails once, and is there again. */
const asked = (env: Env, owner: string, { id, generation }: Login): Promise<boolean> => {
  const ask = () => accountOf(env, owner).isKept({ id, generation });
  return ask().catch(ask);
};
