/**
 * Open Agent on this machine, from the launcher's own parts, for one section: the edge with a chosen Worker bundle and,
 * where wanted, OpenCode with the scripted model and the host-agent. Each part can be stopped and started again on its
 * state.
 */

import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readSettings } from '../../host-agent/config/settings.ts';
import type { Running } from '../../host-agent/launcher/children/children.ts';
import { handsRole } from '../../host-agent/launcher/children/hands.ts';
import { hostAgentRole } from '../../host-agent/launcher/children/host-agent.ts';
import { openCodeRole } from '../../host-agent/launcher/children/opencode.ts';
import type { Role } from '../../host-agent/launcher/children/supervise.ts';
import { wardenRole } from '../../host-agent/launcher/children/warden.ts';
import { edgeRole, workerdProcess } from '../../host-agent/launcher/edge/edge.ts';
import { writeEdgeFiles } from '../../host-agent/launcher/edge/files.ts';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { prepareStartWithEdge } from '../../host-agent/launcher/state/start.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { labConfig } from '../support/lab.ts';
import { freshWorkingDir } from '../support/launched.ts';
import { logIn, type Person, personAt } from '../support/person.ts';

const password = 'correct horse battery';

/** A server that only the bench speaks for. */
export interface EnrolledHost {
  id: string;
  credential: string;
  workspaceId: string;
}

export interface SystemOptions {
  /** Directory of the Worker bundle; the built one where absent. */
  workerDir?: string;
  /** Script of the host-agent; the built one where absent. */
  agentScript?: string;
  /** Address of the scripted model: with it OpenCode and the host-agent can be started. */
  modelUrl?: string;
  /** Added to the launcher's environment. */
  environment?: Record<string, string>;
  /** Names of accounts, who all have the same password; without them there is the single user. */
  users?: readonly [string, ...string[]];
}

export type System = Awaited<ReturnType<typeof startSystem>>;

/** A part that runs or does not. */
const part = (role: Role) => {
  let running: Running | null = null;
  return {
    start: async (): Promise<void> => {
      running = await role.start(new AbortController().signal);
    },
    stop: async (): Promise<void> => {
      await running?.stop();
      running = null;
    },
    pid: (): number => {
      if (!running) throw new Error(`${role.name} does not run`);
      return running.pid;
    },
  };
};

/** OpenCode with its hands, and as root the warden, which are there first. */
const withHands = (
  openCode: ReturnType<typeof part>,
  hands: ReturnType<typeof part>,
  warden: ReturnType<typeof part> | null,
): ReturnType<typeof part> => ({
  ...openCode,
  start: async () => {
    await warden?.start();
    await hands.start();
    await openCode.start();
  },
  stop: async () => {
    await openCode.stop();
    await hands.stop();
    await warden?.stop();
  },
});

/** Starts the edge; the other parts are the section's to start. */
export const startSystem = async ({
  workerDir,
  agentScript,
  modelUrl,
  users,
  environment = {},
}: SystemOptions = {}) => {
  const dist = join(packageRoot(), 'dist');
  const directory = freshWorkingDir();
  const settings = readSettings({
    PATH: process.env.PATH,
    HOME: directory.path,
    WORKING_DIR: directory.path,
    PORT: '0',
    ...(users
      ? { OPEN_AGENT_USERS: JSON.stringify(users.map((username) => ({ username, password }))) }
      : { DASHBOARD_PASSWORD: password }),
    MAX_PARALLEL_MISSIONS: '1000',
    ...(modelUrl ? { DEFAULT_MODEL: 'lab/m1', OPENCODE_CONFIG_CONTENT: labConfig(modelUrl) } : {}),
    ...environment,
  });
  const start = await prepareStartWithEdge(settings);
  await start.secrets.keep();
  const config = await writeEdgeFiles(workerDir ?? join(dist, 'worker'), start);
  const edge = part(edgeRole(start, workerdProcess(config, start)));
  const program = join(dist, 'openagent.js');
  const { boundary } = start;
  const warden = boundary.kind === 'places' ? part(wardenRole(start, program, boundary)) : null;
  const openCode = withHands(part(openCodeRole(start, program)), part(handsRole(start, program)), warden);
  const agent = part(hostAgentRole(start, agentScript ?? program));
  await edge.start();
  const login = (username?: string) => logIn(start.url, username === undefined ? { password } : { username, password });
  const headers = await login(users?.[0]);

  return {
    url: start.url,
    /** What a logged-in person sends with every request. */
    headers,
    person: personAt(() => start.url, headers),
    /** What one of the accounts sends with every request. */
    headersOf: login,
    /** One of the accounts. */
    personOf: async (username: string): Promise<Person> => personAt(() => start.url, await login(username)),
    edge,
    openCode,
    agent,
    files: settings.files,
    workingDir: settings.workingDir,
    /** Where workerd keeps its databases. */
    edgeState: join(settings.files.edge, '.wrangler', 'state', 'workerd'),
    logFileOf: start.logFileOf,
    /** The server the host-agent would speak for. */
    host: start.host,
    enrol: async (): Promise<EnrolledHost> => {
      const host = { id: randomUUID(), credential: randomUUID(), workspaceId: randomUUID() };
      const credential_sha256 = createHash('sha256').update(host.credential).digest('hex');
      const row = { id: host.id, name: host.id, credential_sha256, epoch: 1, workspace_id: host.workspaceId };
      const response = await apiFetch(`${start.url}/api/internal/setup`, {
        method: 'POST',
        headers: { authorization: `Bearer ${start.secrets.internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ host: row }),
      });
      if (!response.ok) throw new Error(`setup answered ${response.status}: ${await response.text()}`);
      return host;
    },
    close: async (): Promise<void> => {
      for (const each of [agent, openCode, edge]) await each.stop();
      start.lock.close();
      directory.remove();
    },
  };
};
