/**
 * A mission that neither its owner's account nor D1 knows: D1 may have been replaced by an empty copy, which servers
 * notice only when they have something to tell it.
 */
import type { MissionId } from '../../shared/ids.ts';
import { directory } from '../directory/directory.ts';
import { toldLogs } from '../directory/hosts.ts';
import type { Env } from '../env.ts';
import { askEach } from '../hosts/each.ts';
import { callObject } from '../hosts/object.ts';
import { serversOf } from '../hosts/of-user.ts';
import { logError } from '../log.ts';

/** Who names what there is not wakes no more objects than this, and none while D1 knows the user's servers. */
const mostAsked = 20;

/**
 * Asks the servers of a user of which D1 does not have what they told the account, first those where something is
 * alive. Out: the one that holds the mission, which tells D1 everything again; null where none does.
 */
export const untoldPlace = async (env: Env, owner: string, mission: MissionId): Promise<string | null> => {
  const servers = await serversOf(env, owner).catch((cause: unknown) => {
    logError('account.away', cause);
    return [];
  });
  if (servers.length === 0) return null;
  const logs = await toldLogs(
    directory(env),
    servers.map(({ host }) => host),
  );
  const untold = servers.filter(({ host, log }) => logs.get(host) !== log).map(({ host }) => host);
  const { answers } = await askEach(untold.slice(0, mostAsked), async (host) =>
    (await callObject(env, host, (object) => object.holds(owner, mission))) ? host : null,
  );
  return answers.find((host) => host !== null) ?? null;
};
