/**
 * Where a user's missions are, and which is the current one. The user's account knows it; D1 is asked for what the
 * account does not remember, so that a message to a known mission needs no D1.
 */
import { type MissionId, missionId } from '../../shared/ids.ts';
import { askAccount, tellAccount } from '../account/asked.ts';
import type { Place } from '../account/missions.ts';
import { currentMissionHost } from '../directory/current.ts';
import { directory } from '../directory/directory.ts';
import { hostOfMission } from '../directory/missions.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { unwrap } from '../hosts/object.ts';
import { logError } from '../log.ts';
import { untoldPlace } from './untold.ts';

/**
 * The server that holds a mission of this user, or null: the same answer for none and for another user's. Either of the
 * account and D1 may be away, where the other one knows it. Where neither does, D1 may be an empty copy (untold.ts).
 */
export const placeOfMission = async (env: Env, owner: string, mission: MissionId): Promise<string | null> => {
  const known = await askAccount(env, owner, async (account) => account.placeOf(mission)).catch((cause: unknown) => {
    logError('account.away', cause);
    return null;
  });
  if (known !== null) return known;
  const host = (await hostOfMission(directory(env), owner, mission)) ?? (await untoldPlace(env, owner, mission));
  if (host !== null) await tellAccount(env, owner, async (account) => account.notePlace({ mission, host }));
  return host;
};

/** The mission that messages without a target go to, with its server (contract §5.11); the last writer wins. */
export const currentMission = async (env: Env, owner: string): Promise<{ mission: MissionId; host: string } | null> => {
  const known = await askAccount(env, owner, async (account) => account.current());
  if (known === undefined) return currentMissionHost(directory(env), owner);
  return known && { mission: missionId.parse(known.mission), host: known.host };
};

/** From here on messages without a target go there. */
export const setCurrentMission = (env: Env, owner: string, place: Place): Promise<void> =>
  askAccount(env, owner, async (account) => account.setCurrent(place));

/** Missions that are gone (contract §5.10). */
export const forgetMissions = async (env: Env, owner: string, gone: readonly string[]): Promise<void> => {
  if (gone.length > 0) await tellAccount(env, owner, async (account) => account.forgetMissions(gone));
};

/**
 * Does what makes a mission the current one. That it is, and where it is, is written before: a message that was taken
 * is answered at once, and the next one without a target follows it. Where it is refused all is as it was.
 */
export const routed = async <T>(env: Env, owner: string, place: Place, commit: () => Promise<Reply<T>>): Promise<T> => {
  const before = await askAccount(env, owner, async (account) => account.routed(place));
  const reply = await commit();
  if (!reply.ok) {
    await tellAccount(env, owner, async (account) => {
      await account.setCurrent(before === undefined ? await currentMissionHost(directory(env), owner) : before);
      // It was deleted, and the account was not told: the next message goes elsewhere.
      if (reply.code === 'not_found') await account.forgetMissions([place.mission]);
    });
  }
  return unwrap(reply);
};
