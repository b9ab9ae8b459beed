import { accountOf } from '../account/account-of.ts';
import type { AccountServer } from '../account/servers.ts';
import type { Env } from '../env.ts';

/** The servers that hold something of a user, first those where something of theirs may be alive. */
export const serversOf = async (env: Env, owner: string): Promise<AccountServer[]> =>
  (await accountOf(env, owner).servers()).toSorted((a, b) => Number(b.live) - Number(a.live));

/**
 * The servers where something of a user may be alive: all that a poll has to ask, since nothing runs, waits or asks on
 * the others. Their objects say so themselves (protocol §7), so that D1 is not needed, and who polls wakes no other.
 */
export const liveServersOf = async (env: Env, owner: string): Promise<string[]> =>
  (await serversOf(env, owner)).filter(({ live }) => live).map(({ host }) => host);
