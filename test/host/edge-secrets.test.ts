import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { readSettings } from '../../host-agent/config/settings.ts';
import { configuredSecrets, prepareEdgeSecrets } from '../../host-agent/launcher/state/edge-secrets.ts';
import { privateDirectory } from '../../host-agent/process/private-file.ts';
import { freshWorkingDir } from '../support/launched.ts';

let directory: ReturnType<typeof freshWorkingDir>;
beforeEach(() => {
  directory = freshWorkingDir();
});
afterEach(() => directory.remove());

/** The secrets of one start after the other, each of which keeps what it drew. */
const startWith = async (environment: Record<string, string>) => {
  const settings = readSettings({ WORKING_DIR: directory.path, ...environment });
  await privateDirectory(settings.files.dir);
  const secrets = await prepareEdgeSecrets(settings);
  await secrets.keep();
  return secrets;
};

const hashesOf = (users: string | undefined) =>
  z
    .array(z.object({ password: z.string() }))
    .parse(JSON.parse(users ?? ''))
    .map(({ password }) => password);

test('a password that stays the same has the same hash at every start, and another one has another', async () => {
  const first = await startWith({ DASHBOARD_PASSWORD: 'a password' });

  expect((await startWith({ DASHBOARD_PASSWORD: 'a password ' })).passwordHash).toBe(first.passwordHash);
  expect((await startWith({ DASHBOARD_PASSWORD: 'b password' })).passwordHash).not.toBe(first.passwordHash);
});

test('users keep their hashes from start to start, and two with one password have two', async () => {
  const OPEN_AGENT_USERS = JSON.stringify(['ada', 'bob'].map((username) => ({ username, password: 'the same' })));
  const first = hashesOf((await startWith({ OPEN_AGENT_USERS })).users);

  expect(hashesOf((await startWith({ OPEN_AGENT_USERS })).users)).toEqual(first);
  expect(new Set(first).size).toBe(2);
});

test('no two machines have the same hash for the same password', async () => {
  const first = await startWith({ DASHBOARD_PASSWORD: 'a password' });
  directory.remove();
  directory = freshWorkingDir();

  expect((await startWith({ DASHBOARD_PASSWORD: 'a password' })).passwordHash).not.toBe(first.passwordHash);
});

test('a key that another start has kept since this one began is the key', async () => {
  const settings = readSettings({ WORKING_DIR: directory.path, DASHBOARD_PASSWORD: 'a password' });
  const begun = configuredSecrets(settings);
  const other = await startWith({ DASHBOARD_PASSWORD: 'a password' });

  const { jwtSecret, passwordHash } = await prepareEdgeSecrets(settings, begun);
  expect([jwtSecret, passwordHash]).toEqual([other.jwtSecret, other.passwordHash]);
});
