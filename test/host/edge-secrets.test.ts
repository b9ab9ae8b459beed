import { createHook } from 'node:async_hooks';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { readSettings } from '../../host-agent/config/settings.ts';
import { prepareEdgeSecrets } from '../../host-agent/launcher/state/edge-secrets.ts';
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

/** A start after one that had these secrets. */
const startAfter = (last: { passwordHash?: string; users?: string }, environment: Record<string, string>) => {
  const settings = readSettings({ WORKING_DIR: directory.path, ...environment });
  const vars = { DASHBOARD_PASSWORD: last.passwordHash, OPEN_AGENT_USERS: last.users };
  return prepareEdgeSecrets(settings, JSON.stringify({ vars }));
};

/** How many hashes are begun from here on. */
const hashesBegun = (): (() => number) => {
  let count = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === 'SCRYPTREQUEST') count += 1;
    },
  }).enable();
  onTestFinished(() => void hook.disable());
  return () => count;
};

test('hashes of the last start are used, and none is begun beside the start of the edge', async () => {
  const single = { DASHBOARD_PASSWORD: 'a password' };
  const first = await startWith(single);
  const several = { OPEN_AGENT_USERS: JSON.stringify([{ username: 'ada', password: 'hers', admin: true }]) };
  const second = await startWith(several);
  const begun = hashesBegun();

  const again = await startAfter(first, single);
  expect(again.passwordHash).toBe(first.passwordHash);
  expect(await startAfter(second, several)).toMatchObject({ passwordHash: undefined, users: second.users });
  expect(begun()).toBe(0);

  await again.corrected();
  expect(begun()).toBe(1);
});

test('a password that is not the one of the last start is corrected, and one that is stays', async () => {
  const first = await startWith({ DASHBOARD_PASSWORD: 'a password' });
  const lastConfig = JSON.stringify({ vars: { DASHBOARD_PASSWORD: first.passwordHash } });
  const again = (password: string) =>
    prepareEdgeSecrets(readSettings({ WORKING_DIR: directory.path, DASHBOARD_PASSWORD: password }), lastConfig);

  const { internalToken, corrected } = await again('b password');
  const right = (await startWith({ DASHBOARD_PASSWORD: 'b password' })).passwordHash;
  expect(await corrected()).toEqual({ jwtSecret: first.jwtSecret, passwordHash: right, internalToken });
  expect(await (await again('a password')).corrected()).toBeNull();
});

test('a generated password of the last start is not taken for a configured one', async () => {
  const first = await startWith({});
  const settings = readSettings({ WORKING_DIR: directory.path, DASHBOARD_PASSWORD: 'a password' });
  const lastConfig = JSON.stringify({ vars: { DASHBOARD_PASSWORD: first.passwordHash } });

  const { passwordHash, corrected } = await prepareEdgeSecrets(settings, lastConfig);

  expect(passwordHash).toBe((await startWith({ DASHBOARD_PASSWORD: 'a password' })).passwordHash);
  expect(await corrected()).toBeNull();
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
