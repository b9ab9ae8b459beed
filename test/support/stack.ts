// The whole real system as `npm start` runs it, with the scripted model as its only provider, and a person using it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { announcedOpenCode, labConfig, openCodeCalls } from './lab.ts';
import { freshWorkingDir, type Launched, launch } from './launched.ts';
import { startModel } from './model.ts';
import { type Login, logIn, type Person, personAt } from './person.ts';

export type { Person } from './person.ts';

export type Role = 'edge' | 'host-agent' | 'opencode' | 'hands' | 'warden' | 'launcher';

export const password = 'correct horse battery';

/** So many that no mission waits for another, whatever machine this is; a case about waiting says its own number. */
const slots = '16';

/** Starts everything; `environment` adds to the launcher's. */
export const startStack = async (environment: Record<string, string> = {}, apiKey = 'lab-api-key') => {
  const directory = freshWorkingDir();
  const model = await startModel();
  const settings = {
    ...(environment.DEV_MODE || environment.OPEN_AGENT_USERS ? {} : { DASHBOARD_PASSWORD: password }),
    DEFAULT_MODEL: 'lab/m1',
    MAX_PARALLEL_MISSIONS: slots,
    OPENCODE_CONFIG_CONTENT: labConfig(model.url, apiKey),
    ...environment,
  };
  let launched: Launched = launch(directory.path, settings);
  let url = await launched.ready();
  const port = new URL(url).port;

  return {
    model,
    workingDir: directory.path,
    url: () => url,
    launched: () => launched,
    /** Logs in and acts as that user; the token of an earlier login stays valid across restarts. */
    person: async (login: Login = { password }): Promise<Person> => personAt(() => url, await logIn(url, login)),
    anyone: personAt(() => url, {}),
    missionDirectory: (mission: string): string => join(directory.path, 'workspaces', `mission-${mission.slice(0, 8)}`),
    kill: (role: Role): void => {
      const identity = launched.processes()[role];
      if (!identity) throw new Error(`no process of ${role}: ${Object.keys(launched.processes()).join(' ')}`);
      process.kill(identity.pid, 'SIGKILL');
    },
    /** Calls to the OpenCode that runs now. */
    openCode: () => openCodeCalls(announcedOpenCode(join(directory.path, '.openagent/opencode/server.json'))),
    logs: (role: Exclude<Role, 'launcher'>): string =>
      readFileSync(join(directory.path, '.openagent', 'logs', `${role}.log`), 'utf8'),
    /** Stops the launcher and starts it again on the same state and port; `between` is done while nothing runs. */
    restart: async (between?: () => Promise<void>): Promise<void> => {
      launched.kill('SIGTERM');
      await launched.ended;
      await between?.();
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
