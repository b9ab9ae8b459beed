// An agent exchanges directories for links in the moment between the look at a path and the deed (architecture §3, 9).
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesHere } from '../../host-agent/files/here.ts';
import { contextDirectory, missionDirectory } from '../../host-agent/workspaces/paths.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';

/**
 * The files of a mission with a directory `sub`, which becomes a link into another user's mission as soon as the
 * resolver has found where a path leads.
 */
const swapped = () => {
  const workingDir = realpathSync(temporaryDirectory());
  const [mine, foreign] = [newMissionId(), newMissionId()];
  const directory = missionDirectory(workingDir, mine);
  const theirs = contextDirectory(workingDir, foreign);
  for (const [at, text] of [
    [join(directory, 'sub'), 'mine'],
    [theirs, 'theirs'],
  ] as const) {
    mkdirSync(join(at, 'deep'), { recursive: true });
    writeFileSync(join(at, 'a.txt'), text);
    writeFileSync(join(at, 'deep', 'b.txt'), text);
  }
  let isArmed = false;
  const roots = {
    workingDir,
    /** What is asked for last before anything is opened. */
    get stateDir() {
      if (isArmed) {
        isArmed = false;
        renameSync(join(directory, 'sub'), join(directory, 'away'));
        symlinkSync(theirs, join(directory, 'sub'));
      }
      return join(workingDir, '.openagent');
    },
  };
  const files = filesHere(roots, async () => undefined);
  return {
    files,
    scope: { current: mine, missions: [mine], everything: false },
    arm: () => {
      isArmed = true;
    },
    expectTheirsUntouched: () => {
      expect(isArmed, 'it was exchanged').toBe(false);
      expect(readdirSync(theirs).toSorted()).toEqual(['a.txt', 'deep']);
      expect(readdirSync(join(theirs, 'deep'))).toEqual(['b.txt']);
      expect(existsSync(join(directory, 'away'))).toBe(true);
    },
    kept: () => readFileSync(join(directory, 'away', 'a.txt'), 'utf8'),
  };
};

test('of a file whose directory became a link nothing is read', async () => {
  const { files, scope, arm, expectTheirsUntouched } = swapped();
  arm();

  const read = files.read({ scope, path: './sub/a.txt', range: null, rangeOfTag: null, withBytes: true });

  await expect(read.then(({ read }) => read(100)).then(String)).rejects.toMatchObject({ code: 'not_found' });
  expectTheirsUntouched();
});

test('of a directory that became a link nothing is told', async () => {
  const { files, scope, arm, expectTheirsUntouched } = swapped();
  arm();

  await expect(files.ask('list', { scope, path: './sub/deep' })).rejects.toMatchObject({ code: 'not_found' });
  expectTheirsUntouched();
});

test('nothing is made, put or removed where a link leads that came in between', async () => {
  for (const act of [
    ({ files, scope }: ReturnType<typeof swapped>) => files.ask('makeDirectory', { scope, path: './sub/deep/new' }),
    ({ files, scope }: ReturnType<typeof swapped>) =>
      files.put({ scope, path: './sub/deep', name: 'c.txt' }, bytesOf('new')),
    ({ files, scope }: ReturnType<typeof swapped>) =>
      files.ask('remove', { scope, path: './sub/deep', recursive: true }),
    ({ files, scope }: ReturnType<typeof swapped>) =>
      files.ask('remove', { scope, path: './sub/a.txt', recursive: false }),
  ]) {
    const mission = swapped();
    mission.arm();

    await expect(act(mission)).rejects.toMatchObject({ code: 'not_found' });
    mission.expectTheirsUntouched();
    expect(mission.kept()).toBe('mine');
  }
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
