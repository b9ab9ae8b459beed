import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OutboxRow } from '../../host-agent/store/outbox-row.ts';
import { openStore, type Store } from '../../host-agent/store/store.ts';
import { hostWorkspace } from '../../host-agent/workspaces/host-workspace.ts';
import type { Workspace } from '../../host-agent/workspaces/workspace.ts';
import type { MessageCommand } from '../../shared/commands.ts';
import { type CommandId, commandId, type HostId, hostId, type MissionId, missionId } from '../../shared/ids.ts';

export const newHostId = (): HostId => hostId.parse(randomUUID());
export const newMissionId = (): MissionId => missionId.parse(randomUUID());
export const newCommandId = (): CommandId => commandId.parse(randomUUID());

/** What the edge calls the workspace of every host that a test makes. */
export const ownWorkspace = randomUUID();

/** A directory as the workspace that `message()` names. */
export const testWorkspace = (directory: string): Workspace =>
  hostWorkspace(ownWorkspace, { workingDir: directory, stateDir: join(directory, '.openagent') });

/** An empty directory that is gone after the test. */
export const temporaryDirectory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'openagent-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** A store of its own for one test, closed after it. */
export const temporaryStore = (path = join(temporaryDirectory(), 'host-agent.sqlite'), id = newHostId()): Store => {
  const store = openStore(path, id);
  onTestFinished(() => {
    try {
      store.close();
    } catch {
      // Closed by the test itself.
    }
  });
  return store;
};

/** A durable event that is easy to tell apart: its text. */
export const note = (text: string, at = 1): OutboxRow => ({
  at,
  mission: null,
  event: { type: 'host.note', code: 'test', text },
});

export const message = (over: Partial<MessageCommand> = {}): MessageCommand => ({
  kind: 'message',
  id: newCommandId(),
  mission: newMissionId(),
  at: 1,
  args: {
    spec: { owner: 'ada', workspace: ownWorkspace, title: null },
    content: 'hello',
    agent: null,
    model: null,
    clean: false,
  },
  ...over,
});
