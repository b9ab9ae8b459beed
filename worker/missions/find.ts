import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { Env } from '../env.ts';
import type { HistoryPage, MissionPage } from '../host/replies.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { placeOfMission } from './place.ts';

/** The server of a user's mission, or 404 in the words the endpoint uses. */
export const requireMissionHost = async (
  env: Env,
  owner: string,
  id: MissionId,
  text = `Mission ${id} not found`,
): Promise<string> => {
  const host = await placeOfMission(env, owner, id);
  if (host === null) throw new AppError('not_found', text);
  return host;
};

/** A mission with a page of its conversation, from the object that owns it, and which that is. */
export const readMission = async (
  env: Env,
  owner: string,
  id: MissionId,
  page?: HistoryPage,
): Promise<{ host: string; found: MissionPage }> => {
  const host = await requireMissionHost(env, owner, id);
  return { host, found: unwrap(await callObject(env, host, (object) => object.mission(owner, id, page))) };
};
