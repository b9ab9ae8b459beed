// What people ask of files, in places of the warden: as the user that their agents are, whatever they may see by rule.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { missionFiles } from '../../host-agent/missions/mission-files.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { hostWorkspace } from '../../host-agent/workspaces/host-workspace.ts';
import { contextDirectory, missionDirectory } from '../../host-agent/workspaces/paths.ts';
import type { FileScope } from '../../shared/calls/files.ts';
import { systemClock } from '../../shared/clock.ts';
import { newMissionId, ownWorkspace } from '../support/host-store.ts';
import { noMount, unless } from '../support/needs.ts';
import { type PlacesOfTest, startPlaces } from '../support/places.ts';

/** Files as the host-agent reaches them, in places of owners. */
const filesOf = ({ workingDir, state, hands }: PlacesOfTest) => {
  const roots = { workingDir, stateDir: state };
  const workspace = hostWorkspace(ownWorkspace, roots);
  const { placeOf, forMessages } = missionFiles({
    roots,
    workspace,
    control: hands.control,
    hands: { register: hands.control.register },
    seen: join(state, 'seen'),
    seed: async (directory) => void mkdirSync(directory, { recursive: true }),
    clock: systemClock,
    log: createLog({ write: () => undefined }),
  });
  return { placeOf, forMessages, workspace };
};

const whole = { range: null, rangeOfTag: null, withBytes: true };

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe.skipIf(noMount)(unless(noMount, 'in a place'), () => {
  const textOf = async (files: ReturnType<ReturnType<typeof filesOf>['placeOf']>, scope: FileScope, path: string) => {
    const { read, close } = await files.read({ scope, path, ...whole });
    const text = Buffer.from((await read(1_000)) ?? []).toString();
    await close();
    return text;
  };

  test('even who may see everything by rule sees what the Linux user sees, and is told which user that is', async () => {
    const places = await startPlaces();
    const { placeOf } = filesOf(places);
    const bob = await places.mission('bob', (directory) => writeFileSync(join(directory, 'secret'), 'of bob'));
    const mission = newMissionId();
    const scope = { current: mission, missions: null, everything: true };
    const ada = placeOf('ada');

    const refusal = (path: string) =>
      textOf(ada, scope, path).then(
        () => 'allowed',
        ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
      );
    const denied = (path: string) => `forbidden: Permission denied as user agent-${numberOf(places, 'ada')}: ${path}.`;
    expect(await refusal('/etc/shadow')).toBe(denied('/etc/shadow'));
    expect(await refusal(`${bob.directory}/secret`)).toBe(denied(`${bob.directory}/secret`));
    expect(await refusal(join(places.state, 'warden/users.json'))).toMatch(/^(forbidden|not_found)/);
    expect(await refusal('/etc/hostname')).toBe('allowed');
    // A link of an agent's leads no further than a path that is typed.
    await places.hands.control.register({
      mission,
      owner: 'ada',
      directory: missionDirectory(places.workingDir, mission),
    });
    await places.bash(missionDirectory(places.workingDir, mission), `ln -s ${bob.directory} theirs; ln -s /etc etc`);
    expect(await refusal('./theirs/secret')).toBe(denied('./theirs/secret'));
    expect(await refusal('./etc/shadow')).toBe(denied('./etc/shadow'));
  });

  test('a file is given before the first message, is the owner’s, and an agent works with it', async () => {
    const places = await startPlaces();
    const { placeOf, forMessages, workspace } = filesOf(places);
    const mission = newMissionId();
    const scope = { current: mission, missions: [mission], everything: false };

    const stored = await placeOf('ada').put({ scope, path: './context/', name: 'notes.txt' }, bytesOf('marmalade'));
    const directory = await forMessages.prepareDirectory(workspace, mission, { clean: false, owner: 'ada' });

    expect(stored.path).toBe(join(contextDirectory(places.workingDir, mission), 'notes.txt'));
    expect(await places.bash(directory, 'cat context/notes.txt; stat -c %U context/notes.txt; echo x > output/y')).toBe(
      `marmaladeagent-${numberOf(places, 'ada')}`,
    );
    expect(await forMessages.givenFile('ada', mission, 'notes.txt', 100)).toEqual({
      path: './context/notes.txt',
      bytes: Buffer.from('marmalade'),
    });
    expect(await textOf(placeOf('ada'), scope, './output/y')).toBe('x\n');
    await expect(textOf(placeOf('bob'), { ...scope, everything: true }, './output/y')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  test('what dashboards offer beside missions is each user’s own home, kept and closed to others', async () => {
    const places = await startPlaces();
    const { placeOf } = filesOf(places);
    const none = { current: null, missions: [], everything: false };

    for (const path of ['/root/context', '/root/work', '/root/tools'])
      expect(await placeOf('ada').ask('list', { scope: none, path })).toEqual([]);
    await placeOf('ada').put({ scope: none, path: '/root/work', name: 'a.txt' }, bytesOf('mine'));

    expect(await placeOf('ada').ask('list', { scope: none, path: '~/work' })).toMatchObject([{ name: 'a.txt' }]);
    expect(await placeOf('bob').ask('list', { scope: none, path: '/root/work' })).toEqual([]);
    await placeOf('ada').ask('remove', { scope: none, path: '/root/work/a.txt', recursive: false });
    await expect(placeOf('ada').ask('remove', { scope: none, path: '~', recursive: true })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await placeOf('ada').ask('list', { scope: none, path: '/root' })).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'work', kind: 'dir' })]),
    );
    expect(readdirSync(places.workingDir).toSorted()).toEqual(['.openagent', 'context', 'workspaces']);
  });

  test('a mission that begins anew is emptied by its owner, and one that is deleted goes, with what root left there', async () => {
    const places = await startPlaces();
    const { forMessages, workspace } = filesOf(places);
    const mission = newMissionId();
    const outside = join(places.workingDir, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), '');
    const directory = await forMessages.prepareDirectory(workspace, mission, { clean: false, owner: 'ada' });
    await places.bash(directory, `mkdir -p a/b; echo x > a/b/c; ln -s ${outside} out; rm -rf temp`);

    await forMessages.prepareDirectory(workspace, mission, { clean: true, owner: 'ada' });

    expect(readdirSync(directory).toSorted()).toEqual(expect.arrayContaining(['.git', 'context', 'output', 'temp']));
    expect(['a', 'out'].filter((name) => existsSync(join(directory, name)))).toEqual([]);
    expect(statSync(join(directory, 'temp')).uid).toBe(numberOf(places, 'ada'));
    await places.bash(directory, `ln -s ${outside} out; mkdir mine`);
    mkdirSync(join(directory, 'of-root'));
    chmodSync(join(directory, 'of-root'), 0o700);
    writeFileSync(join(directory, 'of-root', 'file'), '');
    symlinkSync(outside, join(directory, 'of-root', 'link'));
    await places.hands.control.forget(mission);

    await forMessages.removeFiles(workspace, mission, 'ada');

    expect(existsSync(directory)).toBe(false);
    expect(existsSync(contextDirectory(places.workingDir, mission))).toBe(false);
    expect(readdirSync(outside)).toEqual(['kept']);
  });

  test('the debug object says what the place has', async () => {
    const places = await startPlaces();
    const { placeOf } = filesOf(places);

    expect(await placeOf('ada').ask('debug', {})).toMatchObject({
      path: places.workingDir,
      path_exists: true,
      has_bash: true,
      agent_user: expect.stringMatching(/^agent-\d+$/),
    });
    expect(await placeOf('ada').ask('initLog', {})).toEqual({ exists: false, content: '', total_lines: null });
  });
});

const drawn = z.object({ users: z.array(z.tuple([z.string(), z.number()])) });

/** The Linux user that the warden drew for an owner. */
const numberOf = ({ state }: PlacesOfTest, owner: string): number => {
  const { users } = drawn.parse(JSON.parse(readFileSync(join(state, 'warden/users.json'), 'utf8')));
  return users.find(([name]) => name === owner)?.[1] ?? 0;
};
