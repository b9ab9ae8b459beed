// The whole real system as `npm start` runs it, with the scripted model as its only provider, and a person using it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labConfig, openCodeCalls } from './lab.ts';
import { freshWorkingDir, type Launched, launch } from './launched.ts';
import { startModel } from './model.ts';
import { readStream, type StreamReader } from './sse-reader.ts';

export type Role = 'edge' | 'host-agent' | 'opencode' | 'launcher';

export interface Answer {
  status: number;
  text: string;
  /** The body as JSON; throws for a text body. */
  json: ReturnType<typeof JSON.parse>;
}

/** Someone who is logged in. */
export interface Person {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stream(query?: string, headers?: Record<string, string>): Promise<StreamReader>;
  /** Creates a mission and sends its first message; returns the ids. */
  say(content: string, mission?: string): Promise<{ mission: string; message: string; queued: boolean }>;
}

export const password = 'correct horse battery';

/** Starts everything; `environment` adds to the launcher's. */
export const startStack = async (environment: Record<string, string> = {}, apiKey = 'lab-api-key') => {
  const directory = freshWorkingDir();
  const model = await startModel();
  const settings = {
    ...(environment.DEV_MODE || environment.OPEN_AGENT_USERS ? {} : { DASHBOARD_PASSWORD: password }),
    DEFAULT_MODEL: 'lab/m1',
    OPENCODE_CONFIG_CONTENT: labConfig(model.url, apiKey),
    ...environment,
  };
  let launched: Launched = launch(directory.path, settings);
  let url = await launched.ready();
  const port = new URL(url).port;

  const person = (headers: Record<string, string>): Person => {
    const call: Person['call'] = async (method, path, body, more = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        text,
        get json() {
          return JSON.parse(text);
        },
      };
    };
    return {
      call,
      stream: (query = '', more = {}) => readStream(`${url}/api/control/stream${query}`, { ...headers, ...more }),
      say: async (content, mission) => {
        const target: string = mission ?? (await call('POST', '/api/control/missions', {})).json.id;
        const sent = await call('POST', '/api/control/message', { content, mission_id: target });
        if (sent.status !== 200) throw new Error(`message answered ${sent.status}: ${sent.text}`);
        return { mission: target, message: sent.json.id, queued: sent.json.queued };
      },
    };
  };

  return {
    model,
    workingDir: directory.path,
    url: () => url,
    launched: () => launched,
    /** Logs in and acts as that user; the token of an earlier login stays valid across restarts. */
    person: async (login: { password: string; username?: string } = { password }): Promise<Person> => {
      const response = await fetch(`${url}/api/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(login),
      });
      if (!response.ok) throw new Error(`login answered ${response.status}: ${await response.text()}`);
      const { token }: { token: string } = JSON.parse(await response.text());
      return person({ authorization: `Bearer ${token}` });
    },
    anyone: person({}),
    missionDirectory: (mission: string): string => join(directory.path, 'workspaces', `mission-${mission.slice(0, 8)}`),
    kill: (role: Role): void => {
      const identity = launched.processes()[role];
      if (!identity) throw new Error(`no process of ${role}: ${Object.keys(launched.processes()).join(' ')}`);
      process.kill(identity.pid, 'SIGKILL');
    },
    /** Calls to the OpenCode that runs now. */
    openCode: () =>
      openCodeCalls(JSON.parse(readFileSync(join(directory.path, '.openagent/opencode/server.json'), 'utf8'))),
    logs: (role: Exclude<Role, 'launcher'>): string =>
      readFileSync(join(directory.path, '.openagent', 'logs', `${role}.log`), 'utf8'),
    /** Stops the launcher and starts it again on the same state and port. */
    restart: async (): Promise<void> => {
      launched.kill('SIGTERM');
      await launched.ended;
      launched = launch(directory.path, { ...settings, PORT: port });
      url = await launched.ready();
    },
    close: async (): Promise<void> => {
      launched.kill('SIGTERM');
      await launched.ended;
      await model.close();
      directory.remove();
    },
  };
};

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** What a mission's turn ended with, in a default stream. */
export const answered = (mission: string) => (event: { name: string; data: Record<string, unknown> }) =>
  event.name === 'assistant_message' && event.data.mission_id === mission;
