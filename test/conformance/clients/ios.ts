// The iOS app as the contract describes it (§1.3, §4.6, §10.4, §14.2): strict decoding, views by GET, never `load`,
// never a target.

import type * as z from 'zod';
import { apiFetch } from '../../support/declared-answer.ts';
import {
  iosCleaned,
  iosDeleted,
  iosHealth,
  iosLogin,
  iosMission,
  iosQueue,
  iosRunning,
  iosRuns,
  iosSent,
  iosTasks,
  iosWorkspaces,
} from './models.ts';

export type IosApp = ReturnType<typeof openIosApp>;

/** What people see of a failed call: `HTTP <code>: <body>`, or that they have to log in. */
export class IosFailure extends Error {
  override readonly name = 'IosFailure';
}

/** Opens the app; `url` is what was typed in the settings, joined to paths as it is. */
export const openIosApp = (url: string, token: string | null = null) => {
  const kept = { jwt_token: token };
  const calls: string[] = [];

  const call = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await apiFetch(`${url}${path}`, {
      method,
      headers: {
        ...(kept.jwt_token ? { authorization: `Bearer ${kept.jwt_token}` } : {}),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}),
    });
    calls.push(`${method} ${path} ${response.status}`);
    const text = await response.text();
    if (response.status === 401) {
      kept.jwt_token = null;
      throw new IosFailure('Authentication required');
    }
    if (!response.ok) throw new IosFailure(`HTTP ${response.status}: ${text}`);
    return text;
  };
  /** Decodes or fails as a whole, as `JSONDecoder` does. */
  const decoded = async <T extends z.ZodType>(
    model: T,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.infer<T>> => model.parse(JSON.parse(await call(method, path, body)));
  const mission = (method: string, path: string, body?: unknown) =>
    decoded(iosMission, method, `/api/control/missions${path}`, body);

  return {
    kept,
    calls,
    call,
    dial: (signal: AbortSignal) =>
      apiFetch(`${url}/api/control/stream`, {
        headers: {
          accept: 'text/event-stream',
          ...(kept.jwt_token ? { authorization: `Bearer ${kept.jwt_token}` } : {}),
        },
        signal,
      }),
    /** Which screen it starts with. */
    start: async (): Promise<'login' | 'control'> => {
      const health = await decoded(iosHealth, 'GET', '/api/health').catch(() => null);
      const needsLogin = health?.auth_required ?? true;
      return needsLogin && kept.jwt_token === null ? 'login' : 'control';
    },
    login: async (password: string): Promise<void> => {
      kept.jwt_token = (await decoded(iosLogin, 'POST', '/api/auth/login', { password })).token;
    },
    /** The History screen: all three or nothing. */
    history: async () => {
      const [missions, tasks, { runs }] = await Promise.all([
        decoded(iosMission.array(), 'GET', '/api/control/missions'),
        decoded(iosTasks, 'GET', '/api/tasks'),
        decoded(iosRuns, 'GET', '/api/runs?limit=20&offset=0'),
      ]);
      return { missions, tasks, runs };
    },
    workspaces: () => decoded(iosWorkspaces, 'GET', '/api/workspaces'),
    queue: () => decoded(iosQueue, 'GET', '/api/control/queue'),
    running: () => decoded(iosRunning, 'GET', '/api/control/running'),
    createMission: (choice: { title?: string; workspace_id?: string }) => mission('POST', '', choice),
    currentMission: () => decoded(iosMission.nullable(), 'GET', '/api/control/missions/current'),
    resume: (id: string) => mission('POST', `/${id}/resume`),
    setStatus: (id: string, status: string) => call('POST', `/api/control/missions/${id}/status`, { status }),
    deleteMission: (id: string) => decoded(iosDeleted, 'DELETE', `/api/control/missions/${id}`),
    cleanup: () => decoded(iosCleaned, 'POST', '/api/control/missions/cleanup'),
    removeFromQueue: (id: string) => call('DELETE', `/api/control/queue/${id}`),
    clearQueue: () => call('DELETE', '/api/control/queue'),
    cancelMission: (id: string) => call('POST', `/api/control/missions/${id}/cancel`),
    viewMission: (id: string) => mission('GET', `/${id}`),
    send: (content: string) => decoded(iosSent, 'POST', '/api/control/message', { content }),
    stop: () => call('POST', '/api/control/cancel'),
  };
};
