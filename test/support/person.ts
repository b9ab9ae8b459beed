// Someone who uses Open Agent over HTTP: plain calls, streams, and the one thing everybody does, saying something.
import { apiFetch } from './declared-answer.ts';
import { readStream, type StreamReader } from './sse-reader.ts';
import { type Api, apiAt, dataOf } from './typed-api.ts';

export interface Answer {
  status: number;
  text: string;
  /** The body as JSON; throws for a text body. */
  json: ReturnType<typeof JSON.parse>;
}

/** Someone who is logged in. */
export interface Person {
  /** The typed client. */
  api: Api;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A body as it is: a form, or bytes as they are made. */
  send(
    method: string,
    path: string,
    body: FormData | AsyncIterable<Uint8Array>,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** The answer with its body unread. */
  open(method: string, path: string, headers?: Record<string, string>): Promise<Response>;
  stream(query?: string, headers?: Record<string, string>): Promise<StreamReader>;
  /** Creates a mission unless one is given, and sends a message to it; returns the ids. Throws when it is refused. */
  say(content: string, mission?: string): Promise<{ mission: string; message: string; queued: boolean }>;
}

export interface Login {
  password: string;
  username?: string;
}

/** Someone who sends `headers` with every request; `url` is asked each time, because a restart may change it. */
export const personAt = (url: () => string, headers: Record<string, string>): Person => {
  const call: Person['call'] = async (method, path, body, more = {}) => {
    const response = await apiFetch(`${url()}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return read(response);
  };
  const person: Person = {
    get api() {
      return apiAt(url(), headers);
    },
    call,
    send: async (method, path, body, more = {}) =>
      read(await apiFetch(`${url()}${path}`, { method, headers: { ...headers, ...more }, body, duplex: 'half' })),
    open: (method, path, more = {}) => apiFetch(`${url()}${path}`, { method, headers: { ...headers, ...more } }),
    stream: (query = '', more = {}) => readStream(`${url()}/api/control/stream${query}`, { ...headers, ...more }),
    say: async (content, mission) => {
      const { api } = person;
      const target = mission ?? (await dataOf(api.POST('/api/control/missions', { body: {} }))).id;
      const body = { content, mission_id: target };
      const { id, queued } = await dataOf(api.POST('/api/control/message', { body }));
      return { mission: target, message: id, queued };
    },
  };
  return person;
};

const read = async (response: Response): Promise<Answer> => {
  const text = await response.text();
  return {
    status: response.status,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
};

/** The headers of someone who has just logged in; the token stays valid across restarts. */
export const logIn = async (url: string, login: Login): Promise<Record<string, string>> => {
  const { token } = await dataOf(apiAt(url).POST('/api/auth/login', { body: login }));
  return { authorization: `Bearer ${token}` };
};
