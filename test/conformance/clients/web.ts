// The web app as the contract describes it: one browser tab, what it keeps, what it asks on each page and what it makes
// of failures.
import { apiFetch } from '../../support/declared-answer.ts';
import { changes } from './change.ts';
import { type KeptStream, keepStream } from './stream.ts';
import { webFrames } from './web-frames.ts';

/** A tab's `localStorage`; the names are the app's. */
export interface WebStorage {
  'openagent.jwt'?: string;
  'openagent.jwt_exp'?: number;
  libraryRemote?: string;
}

export interface Said {
  status: number;
  text: string;
}

/** What a call that failed leaves behind: the server's own words, where the app shows them. */
export class WebFailure extends Error {
  override readonly name = 'WebFailure';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export type WebApp = Awaited<ReturnType<typeof openWebApp>>;

/** A token that is about to expire counts as none (contract §1.3). */
const expiringS = 15;

/** GETs of the library's context on every page (contract §1.8): the first four fail loudly, the others in silence. */
const libraryCalls = ['status', 'mcps', 'skills', 'commands', 'plugins', 'rule', 'agent', 'tool'];

/** Opens the app in a tab: the layout, which every page has. Pages fire their own calls after it. */
export const openWebApp = async (url: string, storage: WebStorage = {}) => {
  const base = url.replace(/\/$/, '');
  /** Every call in its order, `GET /api/health 200`. */
  const calls: string[] = [];
  const { changed, until } = changes();
  const app = { isOverlayShown: false, sidebar: 'unknown', libraryProblem: null as string | null };

  const headers = (): Record<string, string> => {
    const isExpiring = (storage['openagent.jwt_exp'] ?? Number.POSITIVE_INFINITY) - Date.now() / 1000 < expiringS;
    if (isExpiring) {
      delete storage['openagent.jwt'];
      delete storage['openagent.jwt_exp'];
    }
    return {
      ...(storage['openagent.jwt'] ? { authorization: `Bearer ${storage['openagent.jwt']}` } : {}),
      ...(storage.libraryRemote ? { 'x-openagent-library-remote': storage.libraryRemote } : {}),
    };
  };

  /** The app's wrapper around every call: 401 logs out, whatever was asked. */
  const call = async (method: string, path: string, body?: unknown): Promise<Said> => {
    // It announces JSON also where it sends nothing (contract §1.4).
    const announces = method !== 'GET' && method !== 'DELETE' && !/\/(load|cancel|cleanup)$/.test(path);
    const response = await apiFetch(`${base}${path}`, {
      method,
      headers: { ...headers(), ...(announces ? { 'content-type': 'application/json' } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    calls.push(`${method} ${path} ${response.status}`);
    if (response.status === 401) {
      delete storage['openagent.jwt'];
      delete storage['openagent.jwt_exp'];
      app.isOverlayShown = true;
      changed();
    }
    return { status: response.status, text: await response.text() };
  };

  const json = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const said = await call(method, path, body);
    if (said.status < 200 || said.status > 299) throw new WebFailure(said.status, said.text);
    return JSON.parse(said.text);
  };

  const openStream = (
    onEvent: (name: string, data: Record<string, unknown>) => void,
    again: (status: number) => boolean,
  ) =>
    keepStream(
      (signal) =>
        apiFetch(`${base}/api/control/stream`, { headers: { ...headers(), accept: 'text/event-stream' }, signal }),
      () => webFrames(onEvent),
      again,
    );

  const readHealth = async (): Promise<void> => {
    const said = await call('GET', '/api/health').catch(() => null);
    // Unreachable or refused counts as "no login needed" (contract §1.3).
    const needsLogin = said?.status === 200 && JSON.parse(said.text).auth_required === true;
    if (needsLogin && !storage['openagent.jwt']) app.isOverlayShown = true;
  };

  const readLibrary = async (): Promise<void> => {
    const answers = await Promise.all(libraryCalls.map((name) => call('GET', `/api/library/${name}`)));
    app.libraryProblem = answers.slice(0, 4).find(({ status }) => status !== 200)?.text ?? null;
  };

  // The sidebar's stream: only `status` is used, and it never comes back (contract §4.5).
  const sidebar: KeptStream = openStream(
    (name, data) => {
      if (name === 'status') app.sidebar = String(data.state);
      changed();
    },
    () => false,
  );
  // One after the other here, so that the order of calls can be told; the app does not wait for one before the next.
  await readHealth();
  await call('GET', '/api/control/missions/current');
  await readLibrary();

  return {
    app,
    calls,
    storage,
    sidebar,
    call,
    json,
    openStream,
    changed,
    until: <T>(what: string, read: () => T | undefined | null | false) => until(what, read, () => ({ ...app, calls })),
    /** The login overlay; false with the server's text shown when it is refused. */
    login: async (password: string): Promise<{ text: string } | null> => {
      const said = await call('POST', '/api/auth/login', { password });
      if (said.status !== 200) return { text: said.text };
      const { token, exp }: { token: string; exp: number } = JSON.parse(said.text);
      Object.assign(storage, { 'openagent.jwt': token, 'openagent.jwt_exp': exp });
      app.isOverlayShown = false;
      // An event inside the page makes some loads happen again.
      await readLibrary();
      return null;
    },
    /** The overview: what it polls, once. Rejects where the page would stay empty. */
    overview: async () => ({
      health: await json('GET', '/api/health'),
      stats: await json('GET', '/api/stats'),
      missions: await json('GET', '/api/control/missions'),
      workspaces: await json('GET', '/api/workspaces'),
    }),
    /** The new-mission dialog: with what was chosen, or announcing JSON and sending nothing. */
    createMission: async (choice?: {
      title?: string;
      workspace_id?: string;
      agent?: string;
      model_override?: string;
    }) => json('POST', '/api/control/missions', choice),
    close: (): void => sidebar.close(),
  };
};
