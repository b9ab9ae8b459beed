/**
 * Where a user's missions are, and which is the current one. The user's account knows it; D1 is asked for what the
 * account does not remember, so that a message to a known mission needs no D1.
 */
import { type MissionId, missionId } from '../../shared/ids.ts';
import { accountOf } from '../account/account-of.ts';
import type { Place } from '../account/missions.ts';
import { currentMissionHost } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { hostsOfOwner } from '../directory/hosts.ts';
import { hostOfMission } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { unwrap } from '../hosts/object.ts';
import { logError } from '../log.ts';

/** The server that holds a mission of this user, or null: the same answer for none and for another user's. */
export const placeOfMission = async (env: Env, owner: string, mission: MissionId): Promise<string | null> => {
  const account = accountOf(env, owner);
  const known = await account.placeOf(mission);
  if (known !== null) return known;
  const host = await hostOfMission(directory(env), owner, mission);
  if (host !== null) await account.notePlace({ mission, host });
  return host;
};

/** The mission that messages without a target go to, with its server (contract §5.11); the last writer wins. */
export const currentMission = async (env: Env, owner: string): Promise<{ mission: MissionId; host: string } | null> => {
  const known = await accountOf(env, owner).current();
  if (known === undefined) return currentMissionHost(directory(env), owner);
  return known && { mission: missionId.parse(known.mission), host: known.host };
};

/** From here on messages without a target go there. */
export const setCurrentMission = (env: Env, owner: string, place: Place): Promise<void> =>
  accountOf(env, owner).setCurrent(place);

/** Missions that are gone (contract §5.10). */
export const forgetMissions = async (env: Env, owner: string, gone: readonly string[]): Promise<void> => {
  if (gone.length > 0) await accountOf(env, owner).forgetMissions(gone);
};

/**
 * Does what makes a mission the current one. That it is, and where it is, is written before: a message that was taken
 * is answered at once, and the next one without a target follows it. Where it is refused all is as it was.
 */
export const routed = async <T>(env: Env, owner: string, place: Place, commit: () => Promise<Reply<T>>): Promise<T> => {
  const account = accountOf(env, owner);
  const before = await account.routed(place);
  const reply = await commit();
  if (!reply.ok) {
    await account.setCurrent(before === undefined ? await currentMissionHost(directory(env), owner) : before);
    // It was deleted, and the account was not told: the next message goes elsewhere.
    if (reply.code === 'not_found') await account.forgetMissions([place.mission]);
  }
  return unwrap(reply);
};

/**
 * Servers that hold something of a user. D1 is asked too, for a server that has not told the account since it was made;
 * where D1 is away, the account's word is what there is.
 */
export const serversOfOwner = async (env: Env, owner: string): Promise<string[]> => {
  const [told, listed] = await Promise.all([
    accountOf(env, owner).servers(),
    hostsOfOwner(directory(env), owner).catch((cause: unknown) => {
      logError('directory.away', cause);
      return [];
    }),
  ]);
  return [...new Set([...told.map(({ host }) => host), ...listed])];
};
