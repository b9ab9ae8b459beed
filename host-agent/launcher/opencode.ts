import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { prepareOpenCode } from '../opencode/prepare.ts';
import { startOpenCode } from '../opencode/process.ts';
import { writePrivateFile } from '../process/private-file.ts';
import type { Ground } from './ground.ts';
import { say } from './say.ts';
import type { Role } from './supervise.ts';

/** `opencode/server.json`, which the host-agent reads again whenever OpenCode does not answer. */
interface OpenCodeServer {
  url: string;
  username: string;
  password: string;
  /** Drawn for each OpenCode process: what belonged to another process is gone. */
  instance: string;
  /** Null for an OpenCode that we did not start. */
  pid: number | null;
  startedAt: number;
}

/** OpenCode as a supervised child: prepared anew and announced in server.json at each start. */
export const openCodeRole = ({ settings, lock }: Ground): Role => {
  const sayOnce = onceEach(say);
  return {
    name: 'opencode',
    start: async () => {
      const { openCodeServer } = settings.files;
      const prepared = await prepareOpenCode({ dir: dirname(openCodeServer), env: settings.environment });
      for (const warning of prepared.warnings) sayOnce(warning);
      const child = await startOpenCode({ prepared });
      const { url, username, password, instance, pid } = child;
      try {
        await lock.record('opencode', pid);
        await announce(openCodeServer, {
          url,
          username,
          password,
          instance,
          pid,
          startedAt: Date.now(),
        });
        return child;
      } catch (error) {
        await child.stop();
        throw error;
      }
    },
  };
};

/** Restarts prepare OpenCode again and find the same things worth saying. */
const onceEach = (tell: (line: string) => void) => {
  const told = new Set<string>();
  return (line: string) => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
};

/** Time for a running OpenCode to answer once; it is asked again by the host-agent for as long as it takes. */
const answerMs = 3_000;

/**
 * Points the host-agent to the OpenCode of OPENCODE_BASE_URL. Returns undefined when it answers, else why not. Its process is
 * not ours to know, so each start of ours counts as another one: open requests of an earlier start are not answered twice.
 */
export const useRunningOpenCode = async (settings: Settings, baseUrl: string): Promise<string | undefined> => {
  const url = new URL(baseUrl);
  const username = decodeURIComponent(url.username) || settings.environment.OPENCODE_SERVER_USERNAME || 'opencode';
  const password = decodeURIComponent(url.password) || settings.environment.OPENCODE_SERVER_PASSWORD || '';
  url.username = '';
  url.password = '';
  const plainUrl = url.href.replace(/\/$/, '');
  const server: OpenCodeServer = {
    url: plainUrl,
    username,
    password,
    instance: randomUUID(),
    pid: null,
    startedAt: Date.now(),
  };
  await announce(settings.files.openCodeServer, server);
  return reasonItDoesNotAnswer(server);
};

const announce = (path: string, server: OpenCodeServer) => writePrivateFile(path, JSON.stringify(server));

const reasonItDoesNotAnswer = async ({ url, username, password }: OpenCodeServer): Promise<string | undefined> => {
  try {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const headers = password ? { authorization } : undefined;
    const response = await fetch(`${url}/global/health`, { headers, signal: AbortSignal.timeout(answerMs) });
    await response.text();
    if (response.ok) return undefined;
    return response.status === 401 ? 'it does not accept our password' : `it answered ${response.status}`;
  } catch {
    return 'nothing answers there';
  }
};
