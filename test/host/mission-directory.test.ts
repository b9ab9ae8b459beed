import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { simpleGit } from 'simple-git';
import { expect, test } from 'vitest';
import { seedConfigDirectory } from '../../host-agent/opencode/config/seed.ts';
import { prepareMissionDirectory } from '../../host-agent/workspaces/mission-directory.ts';
import { pathWithin } from '../../host-agent/workspaces/paths.ts';
import { missionShort } from '../../shared/ids.ts';
import { newMissionId, temporaryDirectory, testWorkspace } from '../support/host-store.ts';

const seed = (directory: string) => seedConfigDirectory(directory, '1.18.33');
const place = () => testWorkspace(temporaryDirectory());

test('a mission directory has what the contract says, and is a repository with an identity of its own', async () => {
  const here = place();
  const mission = newMissionId();

  const directory = await prepareMissionDirectory(here, mission, { clean: false, seed });

  expect(directory).toBe(join(realpathSync(here.directory), 'workspaces', `mission-${missionShort(mission)}`));
  expect(statSync(join(directory, 'output')).isDirectory()).toBe(true);
  expect(statSync(join(directory, 'temp')).isDirectory()).toBe(true);
  expect(readlinkSync(join(directory, 'context'))).toBe(join(realpathSync(here.directory), 'context', mission));
  expect(statSync(join(directory, 'context')).isDirectory()).toBe(true);
  const config = readFileSync(join(directory, 'opencode.json'), 'utf8');
  expect(JSON.parse(config)).toEqual({ $schema: 'https://opencode.ai/config.json' });
  expect(readFileSync(join(directory, '.opencode', 'opencode.json'), 'utf8')).toBe(config);
  expect(existsSync(join(directory, '.opencode', 'package-lock.json'))).toBe(true);
  expect((await simpleGit(directory).revparse(['--show-toplevel'])).trim()).toBe(directory);
  expect((await simpleGit(directory).getConfig('user.email', 'local')).value).toBe('agent@localhost');
});

test('its repository is one that git works in', async () => {
  const directory = await prepareMissionDirectory(place(), newMissionId(), { clean: false, seed });
  const git = simpleGit(directory);
  writeFileSync(join(directory, 'work.txt'), 'done');

  await git.add('work.txt').commit('Work');

  expect(await git.raw('fsck', '--strict')).toBe('');
  const { latest, all } = await git.log();
  expect([all.length, latest?.author_name, (await git.branch()).current]).toEqual([1, 'Open Agent', 'main']);
  expect(readdirSync(directory).filter((name) => name.startsWith('.git'))).toEqual(['.git']);
});

test('it may be prepared again: work stays, our files are as they should be', async () => {
  const here = place();
  const mission = newMissionId();
  const directory = await prepareMissionDirectory(here, mission, { clean: false, seed });
  writeFileSync(join(directory, 'work.txt'), 'kept');
  writeFileSync(join(directory, 'opencode.json'), '{ broken');

  expect(await prepareMissionDirectory(here, mission, { clean: false, seed })).toBe(directory);

  expect(readFileSync(join(directory, 'work.txt'), 'utf8')).toBe('kept');
  expect(() => JSON.parse(readFileSync(join(directory, 'opencode.json'), 'utf8'))).not.toThrow();
});

test('cleaning empties it, and never follows a link out of it', async () => {
  const here = place();
  const mission = newMissionId();
  const directory = await prepareMissionDirectory(here, mission, { clean: false, seed });
  writeFileSync(join(here.directory, 'context', mission, 'given.txt'), 'kept');
  mkdirSync(join(directory, 'deep', 'er'), { recursive: true });
  writeFileSync(join(directory, 'deep', 'er', 'work.txt'), 'x');

  await prepareMissionDirectory(here, mission, { clean: true, seed });

  expect(existsSync(join(directory, 'deep'))).toBe(false);
  expect(readFileSync(join(directory, 'context', 'given.txt'), 'utf8')).toBe('kept');
});

test('a mission directory that leads elsewhere is refused', async () => {
  const here = place();
  const mission = newMissionId();
  const elsewhere = temporaryDirectory();
  mkdirSync(join(here.directory, 'workspaces'));
  symlinkSync(elsewhere, join(here.directory, 'workspaces', `mission-${missionShort(mission)}`));

  await expect(prepareMissionDirectory(here, mission, { clean: true, seed })).rejects.toThrow(/leads outside/);
});

test('the resolver lets nothing out: not by dots, absolute names or links', async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'a'));
  symlinkSync('/etc', join(root, 'a', 'etc'));
  symlinkSync('../a', join(root, 'a', 'self'));

  for (const name of ['../x', 'a/../../x', '/etc/passwd', 'a/etc/passwd', 'a/etc/not-there', '..']) {
    await expect(pathWithin(root, name), name).rejects.toThrow(/leads outside/);
  }
  expect(await pathWithin(root, 'a/self/new/file')).toBe(join(realpathSync(root), 'a', 'new', 'file'));
  expect(await pathWithin(root, '..dots')).toBe(join(realpathSync(root), '..dots'));
});
