import { AppError } from '../../shared/errors.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';
import { accountOf } from './account-of.ts';

/** What an account can be asked, as the Worker sees it. */
type Account = ReturnType<typeof accountOf>;

/**
 * Asks the account of a user; the one way in which requests do (a socket dials it itself, and again). Every question
 * may be asked twice, so one that met a deploy or a move of the object is asked once more. Throws 503, in words for
 * people, for whatever the object throws: its failure is none of the request.
 */
export const askAccount = async <T>(
  env: Pick<Env, 'ACCOUNT'>,
  owner: string,
  ask: (account: Account) => Promise<T>,
): Promise<T> => {
  const asked = async (): Promise<T> => ask(accountOf(env, owner));
  try {
    return await asked().catch(asked);
  } catch (cause) {
    throw new AppError('unavailable', awayText, { cause });
  }
};

const awayText =
  "What the edge knows of your account can't be reached, so this was not done. What runs goes on: try again in a moment.";

/**
 * Shows an error on all streams that the user has open: each holds a socket to the account, whichever servers it shows.
 * Throws 503 where the account can't be reached, since then nobody was told.
 */
export const sayError = (env: Pick<Env, 'ACCOUNT'>, owner: string, text: string): Promise<void> =>
  askAccount(env, owner, (account) => account.say(text));

/**
 * Tells the account something that follows a change which is done: the answer says that it is done, whether or not the
 * account can be told.
 */
export const tellAccount = async (
  env: Pick<Env, 'ACCOUNT'>,
  owner: string,
  tell: (account: Account) => Promise<unknown>,
): Promise<void> => {
  try {
    await askAccount(env, owner, tell);
  } catch (cause) {
    logError('account.not_told', cause);
  }
};
