import type { AgentTreeNode, ProgressJson } from '../../shared/api.ts';
import { missionIdParam } from '../../shared/api.ts';
import type { Env } from '../env.ts';
import type { Reply } from '../host/replies.ts';
import { callObject, unwrap } from '../hosts/object.ts';
import { currentMission, placeOfMission } from './place.ts';
import { runningMissions } from './running.ts';

const noProgress: ProgressJson = {
  total_subtasks: 0,
  completed_subtasks: 0,
  current_subtask: null,
  current_depth: 0,
};

/** The to-do list of the user's current mission in numbers; without one, of what runs (contract §2.2). */
export const currentProgress = async (env: Env, owner: string): Promise<ProgressJson> => {
  const place = (await currentMission(env, owner)) ?? (await runningMissionHost(env, owner));
  if (!place) return noProgress;
  return ifThere(await callObject(env, place.host, (object) => object.progress(owner, place.mission))) ?? noProgress;
};

/** The agents of the user's current mission; null without one, and before its first turn (contract §3). */
export const currentTree = async (env: Env, owner: string): Promise<AgentTreeNode | null> => {
  const place = await currentMission(env, owner);
  return place ? ifThere(await callObject(env, place.host, (object) => object.tree(owner, place.mission))) : null;
};

const runningMissionHost = async (env: Env, owner: string): Promise<{ mission: string; host: string } | null> => {
  const [first] = (await runningMissions(env, owner)).answers;
  if (!first) return null;
  const mission = missionIdParam.parse(first.mission_id);
  const host = await placeOfMission(env, owner, mission);
  return host === null ? null : { mission, host };
};

/** Null for a mission that was deleted between the two reads. */
const ifThere = <T>(answer: Reply<T>): T | null => (!answer.ok && answer.code === 'not_found' ? null : unwrap(answer));
