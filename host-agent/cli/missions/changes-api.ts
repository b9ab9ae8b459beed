/** The calls about changes of files. */
import type * as z from 'zod';
import {
  changesOfMission,
  changesOfStep,
  diffOfStep,
  maxChangedFiles,
  type undoBody,
  undone,
} from '../../../shared/changes.ts';
import { dataOf, edgeClient } from '../edge-api.ts';
import type { Edge } from '../login/edge.ts';

/** Calls on behalf of one login. Each throws Refused or NoAnswer, and may be repeated. */
export const changesApi = ({ url, token }: Edge) => {
  const edge = edgeClient(url, token);
  const page = (offset: number) => ({ limit: `${maxChangedFiles}`, offset: `${offset}` });
  return {
    ofMission: (id: string, offset: number) => {
      const params = { path: { id }, query: page(offset) };
      return dataOf(url, changesOfMission, edge.GET('/api/control/missions/{id}/changes', { params }));
    },
    ofTurn: (id: string, turn: string, offset: number) => {
      const params = { path: { id, turn }, query: page(offset) };
      return dataOf(url, changesOfStep, edge.GET('/api/control/missions/{id}/turns/{turn}/changes', { params }));
    },
    /** Without a turn: of the whole mission. */
    diff: (id: string, turn: string | undefined, path: string | undefined, offset: number) => {
      const query = { ...page(offset), path };
      const call =
        turn === undefined
          ? edge.GET('/api/control/missions/{id}/diff', { params: { path: { id }, query } })
          : edge.GET('/api/control/missions/{id}/turns/{turn}/diff', { params: { path: { id, turn }, query } });
      return dataOf(url, diffOfStep, call);
    },
    undo: (id: string, body: z.input<typeof undoBody>) =>
      dataOf(url, undone, edge.POST('/api/control/missions/{id}/undo', { params: { path: { id } }, body })),
  };
};
