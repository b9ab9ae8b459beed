/** The calls about missions. */
import { z } from 'zod';
import { callEdge } from '../edge-api.ts';
import type { Edge } from '../login/edge.ts';
import { done, missionJson, requestJson, runningJson, sentJson, storedEventJson } from './shapes.ts';

const control = '/api/control';
/** As many as the edge gives on one page (docs/api.md). */
const mostListed = 500;

/** What a person may choose about a new mission. */
export interface NewMission {
  title?: string;
  model?: string;
  agent?: string;
  workspace?: string;
}

/** Calls on behalf of one login. Each throws Refused or NoAnswer; those with a `key` may be repeated. */
export const missionApi = ({ url, token }: Edge) => ({
  /** The newest, at most `mostListed`. */
  list: (limit = mostListed) =>
    callEdge(url, `${control}/missions?limit=${Math.min(limit, mostListed)}`, z.array(missionJson), { token }),
  running: () => callEdge(url, `${control}/running`, z.array(runningJson), { token }),
  read: (mission: string) => callEdge(url, `${control}/missions/${mission}`, missionJson, { token }),
  create: ({ title, model, agent, workspace }: NewMission, key: string) => {
    const body = { title, agent, model_override: model, workspace_id: workspace };
    return callEdge(url, `${control}/missions`, missionJson.omit({ history: true }), {
      method: 'POST',
      body,
      token,
      key,
    });
  },
  send: (mission: string, content: string, agent: string | undefined, key: string) => {
    const body = { mission_id: mission, content, agent };
    return callEdge(url, `${control}/message`, sentJson, { method: 'POST', body, token, key });
  },
  cancel: (mission: string) => callEdge(url, `${control}/missions/${mission}/cancel`, done, { method: 'POST', token }),
  events: (mission: string) =>
    callEdge(url, `${control}/missions/${mission}/events`, z.array(storedEventJson), { token }),
  requests: () => callEdge(url, `${control}/permissions`, z.array(requestJson), { token }),
  answer: (kind: 'questions' | 'permissions', id: string, body: object, key: string) =>
    callEdge(url, `${control}/${kind}/${encodeURIComponent(id)}`, done, { method: 'POST', body, token, key }),
});

export type MissionApi = ReturnType<typeof missionApi>;
