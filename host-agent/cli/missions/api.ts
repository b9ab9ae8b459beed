/** The calls about missions. */
import * as z from 'zod';
import type { permissionBody, questionBody } from '../../../shared/api.ts';
import { dataOf, edgeClient, repeatable } from '../edge-api.ts';
import type { Edge } from '../login/edge.ts';
import { askJson, done, missionJson, runningJson, sentJson, storedEventJson } from './shapes.ts';

/** As many as the edge gives on one page (docs/api.md). */
const mostListed = 500;

type PermissionAnswer = z.input<typeof permissionBody>;
type QuestionAnswer = z.input<typeof questionBody>;

/** What a person may choose about a new mission. */
export interface NewMission {
  title?: string;
  model?: string;
  agent?: string;
  workspace?: string;
}

/** Calls on behalf of one login. Each throws Refused or NoAnswer; those with a `key` may be repeated. */
export const missionApi = ({ url, token }: Edge) => {
  const edge = edgeClient(url, token);
  const ofMission = (id: string) => ({ params: { path: { id } } });
  return {
    /** The newest, at most `mostListed`. */
    list: (limit: number = mostListed) => {
      const query = { limit: String(Math.min(limit, mostListed)) };
      return dataOf(url, z.array(missionJson), edge.GET('/api/control/missions', { params: { query } }));
    },
    /** Deleted ones that can be had back, the last deleted first. */
    trash: () => {
      const query = { limit: String(mostListed), deleted: 'true' as const };
      return dataOf(url, z.array(missionJson), edge.GET('/api/control/missions', { params: { query } }));
    },
    remove: (mission: string) => dataOf(url, done, edge.DELETE('/api/control/missions/{id}', ofMission(mission))),
    restore: (mission: string) =>
      dataOf(url, missionJson, edge.POST('/api/control/missions/{id}/restore', ofMission(mission))),
    running: () => dataOf(url, z.array(runningJson), edge.GET('/api/control/running')),
    read: (mission: string) => dataOf(url, missionJson, edge.GET('/api/control/missions/{id}', ofMission(mission))),
    create: ({ title, model, agent, workspace }: NewMission, key: string) => {
      const body = { title, agent, model_override: model, workspace_id: workspace };
      const call = edge.POST('/api/control/missions', { body, params: repeatable(key) });
      return dataOf(url, missionJson.omit({ history: true }), call);
    },
    send: (mission: string, content: string, agent: string | undefined, key: string) => {
      const body = { mission_id: mission, content, agent };
      return dataOf(url, sentJson, edge.POST('/api/control/message', { body, params: repeatable(key) }));
    },
    cancel: (mission: string) => dataOf(url, done, edge.POST('/api/control/missions/{id}/cancel', ofMission(mission))),
    events: (mission: string) =>
      dataOf(url, z.array(storedEventJson), edge.GET('/api/control/missions/{id}/events', ofMission(mission))),
    asks: () => dataOf(url, z.array(askJson), edge.GET('/api/control/permissions')),
    answerPermission: (id: string, body: PermissionAnswer, key: string) => {
      const params = { path: { id }, ...repeatable(key) };
      return dataOf(url, done, edge.POST('/api/control/permissions/{id}', { body, params }));
    },
    answerQuestion: (id: string, body: QuestionAnswer, key: string) => {
      const params = { path: { id }, ...repeatable(key) };
      return dataOf(url, done, edge.POST('/api/control/questions/{id}', { body, params }));
    },
  };
};

export type MissionApi = ReturnType<typeof missionApi>;
