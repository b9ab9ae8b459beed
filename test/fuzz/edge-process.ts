// The edge alone as a person's machine runs it: workerd with the built Worker, started and enrolled by the launcher's
// own parts.

import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../host-agent/config/settings.ts';
import { edgeRole, workerdProcess } from '../../host-agent/launcher/edge/edge.ts';
import { writeEdgeFiles } from '../../host-agent/launcher/edge/files.ts';
import { prepareStartWithEdge } from '../../host-agent/launcher/state/start.ts';
import type { Exit } from '../../host-agent/process/child.ts';
import { apiFetch } from '../support/declared-answer.ts';
import { freshWorkingDir } from '../support/launched.ts';

const bundle = join(import.meta.dirname, '..', '..', 'dist', 'worker');
const password = 'correct horse battery';

/** How a server shows who it is. */
export interface Enrolled {
  id: string;
  credential: string;
  workspaceId: string;
}

export type EdgeProcess = Awaited<ReturnType<typeof startEdge>>;

export const startEdge = async () => {
  const directory = freshWorkingDir();
  const environment = { WORKING_DIR: directory.path, PORT: '0', DASHBOARD_PASSWORD: password };
  const start = await prepareStartWithEdge(readSettings(environment));
  const process = workerdProcess(await writeEdgeFiles(bundle, start), start);
  const running = await edgeRole(start, process).start(new AbortController().signal);
  let exit: Exit | null = null;
  void running.exited.then((gone) => {
    exit = gone;
  });

  /** Enrols one more server over loopback, as the launcher does. */
  const enrol = async (): Promise<Enrolled> => {
    const host: Enrolled = { id: randomUUID(), credential: randomUUID(), workspaceId: randomUUID() };
    const credential_sha256 = createHash('sha256').update(host.credential).digest('hex');
    const row = { id: host.id, name: host.id, credential_sha256, epoch: 1, workspace_id: host.workspaceId };
    const response = await apiFetch(`${start.url}/api/internal/setup`, {
      method: 'POST',
      headers: { authorization: `Bearer ${start.secrets.internalToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ host: row }),
    });
    if (!response.ok) throw new Error(`setup answered ${response.status}: ${await response.text()}`);
    return host;
  };

  const login = async (): Promise<Record<string, string>> => {
    const response = await apiFetch(`${start.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password }),
    });
    const { token }: { token: string } = JSON.parse(await response.text());
    return { authorization: `Bearer ${token}` };
  };

  return {
    url: start.url,
    host: start.host,
    enrol,
    login,
    /** How the process ended, or null while it is the one that was started. */
    exit: (): Exit | null => exit,
    log: (): string => readFileSync(start.logFileOf('edge'), 'utf8'),
    close: async (): Promise<void> => {
      await running.stop();
      start.lock.close();
      directory.remove();
    },
  };
};
