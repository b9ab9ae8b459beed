import { askAccount } from '../account/asked.ts';
import type { AccountServer } from '../account/servers.ts';
import { soon } from '../directory/away.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { logError } from '../log.ts';

/** The servers that hold something of a user, first those where something of theirs may be alive. */
export const serversOf = async (env: Env, owner: string): Promise<AccountServer[]> =>
  (await askAccount(env, owner, async (account) => account.servers()))
    .filter(({ holds }) => holds)
    .toSorted((a, b) => Number(b.live) - Number(a.live));

/**
 * The servers where something of a user may be alive: all that a poll has to ask, since nothing runs, waits or asks on
 * the others. Their objects say so themselves (protocol §7), so that D1 is not needed, and who polls wakes no other.
 */
export const liveServersOf = async (env: Env, owner: string): Promise<string[]> =>
  (await serversOf(env, owner)).filter(({ live }) => live).map(({ host }) => host);

/**
 * The servers that hold something of a user, in the order in which it makes sense to ask them: where something may be
 * alive, where anything is, and last those that D1 alone knows, since they have not told the account since it was made.
 * A D1 that is away is not waited for.
 */
export async function* serversOfOwner(env: Env, owner: string): AsyncGenerator<string[]> {
  const told = await serversOf(env, owner);
  yield told.filter(({ live }) => live).map(({ host }) => host);
  yield told.filter(({ live }) => !live).map(({ host }) => host);
  const listed = await soon(env.clock, hostsOfOwner(directory(env), owner)).catch((cause: unknown) => {
    logError('directory.away', cause);
    return [];
  });
  yield listed.filter((id) => !told.some(({ host }) => host === id));
}

/** All of them. */
export const allServersOfOwner = async (env: Env, owner: string): Promise<string[]> => {
  const all: string[] = [];
  for await (const servers of serversOfOwner(env, owner)) all.push(...servers);
  return all;
};
