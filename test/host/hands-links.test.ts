import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { holdDirectory, holdFile, holdParent } from '../../host-agent/hands/tools/held.ts';
import { locate, type Place } from '../../host-agent/hands/tools/place.ts';
import { putFile, removeFile } from '../../host-agent/hands/tools/put.ts';
import { handsSession } from '../support/hands.ts';

/** A mission with a file in a directory, and a directory outside that has a file of the same name. */
const missionAndOutside = async () => {
  const session = handsSession();
  const { root, directory, put } = session;
  const path = put('sub/deep/a.txt', 'inside\n');
  const outside = join(root, 'outside');
  mkdirSync(join(outside, 'deep'), { recursive: true });
  writeFileSync(join(outside, 'deep/a.txt'), 'outside\n');
  const place = await locate({ directory }, 'sub/deep/a.txt');
  return {
    ...session,
    path,
    outside,
    place,
    /** What an agent's process does in the moment between the look and the deed. */
    exchangeDirectory: () => {
      renameSync(join(directory, 'sub'), join(directory, 'away'));
      symlinkSync(outside, join(directory, 'sub'));
    },
    exchangeFile: () => {
      rmSync(path);
      symlinkSync(join(outside, 'deep/a.txt'), path);
    },
    expectOutsideUntouched: () => {
      expect(readdirSync(join(outside, 'deep'))).toEqual(['a.txt']);
      expect(readFileSync(join(outside, 'deep/a.txt'), 'utf8')).toBe('outside\n');
    },
  };
};

/** What the file at `place` is now. */
const statsOf = ({ real }: Place) => lstatSync(real);

test.each(['exchangeDirectory', 'exchangeFile'] as const)('after %s nothing of it is read', async (exchange) => {
  const mission = await missionAndOutside();
  mission[exchange]();

  await expect(holdFile(mission.place)).rejects.toThrow('was exchanged');
});

test.each(['exchangeDirectory', 'exchangeFile'] as const)(
  'after %s nothing of it is written or removed',
  async (exchange) => {
    const mission = await missionAndOutside();
    const before = statsOf(mission.place);
    mission[exchange]();

    await expect(putFile(mission.place, Buffer.from('new\n'), before)).rejects.toThrow(/was exchanged|was changed/);
    await expect(removeFile(mission.place, before)).rejects.toThrow(/was exchanged|was changed/);
    mission.expectOutsideUntouched();
  },
);

test('a new file does not follow a link that came in its place or above it', async () => {
  const mission = await missionAndOutside();
  const fresh = await locate({ directory: mission.directory }, 'sub/deep/deeper/new.txt');
  mission.exchangeDirectory();

  await expect(putFile(fresh, Buffer.from('new\n'), null)).rejects.toThrow('was exchanged');
  mission.expectOutsideUntouched();
});

test('a directory that became a link is not listed or searched', async () => {
  const mission = await missionAndOutside();
  const real = join(mission.directory, 'sub/deep');
  mission.exchangeDirectory();

  await expect(holdDirectory(real)).rejects.toThrow();
  await expect(holdParent(join(real, 'a.txt'), { make: false })).rejects.toThrow();
});

test('what was changed in the moment before it is written is not lost', async () => {
  const { place, path, directory } = await missionAndOutside();
  const before = statsOf(place);
  writeFileSync(path, 'of somebody else\n');

  await expect(putFile(place, Buffer.from('new\n'), before)).rejects.toThrow('was changed by somebody else');
  expect(readFileSync(path, 'utf8')).toBe('of somebody else\n');
  expect(readdirSync(join(directory, 'sub/deep'))).toEqual(['a.txt']);
});

test('what appeared where a new file was to be is not lost', async () => {
  const { path, directory } = await missionAndOutside();
  const fresh = await locate({ directory }, 'sub/deep/new.txt');
  const other = join(path, '..', 'new.txt');
  writeFileSync(other, 'of somebody else\n');

  await expect(putFile(fresh, Buffer.from('new\n'), null)).rejects.toThrow('was changed by somebody else');
  expect(readFileSync(other, 'utf8')).toBe('of somebody else\n');
});

/** Exchanges a directory for a link and back, as fast as it can, until it is ended. */
const flipper = `
  const { renameSync, writeSync } = require('node:fs');
  const [sub, away, link] = process.argv.slice(1);
  writeSync(1, 'runs');
  for (;;) {
    renameSync(sub, away);
    renameSync(link, sub);
    renameSync(sub, link);
    renameSync(away, sub);
  }
`;

test('a directory that is exchanged for a link and back while calls run leads nowhere', async () => {
  const { directory, outside, once: post, expectOutsideUntouched } = await missionAndOutside();
  const paths = ['sub', 'away', 'link'].map((name) => join(directory, name));
  symlinkSync(outside, join(directory, 'link'));
  const child = spawn(process.execPath, ['-e', flipper, ...paths]);
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  /** A call of which a person allows nothing outside. */
  const said = async (name: string, args: unknown): Promise<string> => {
    const first = await post(name, args);
    const isAllowed =
      first.kind === 'asks' && first.asks.every(({ permission }) => permission !== 'external_directory');
    if (first.kind === 'asks' && !isAllowed) return 'asks';
    const second = first.kind === 'asks' ? await post(name, args, first.asks) : first;
    return second.kind === 'asks' ? 'asks' : second.text;
  };

  const heard = new Set<string>();
  let edits = 0;
  for (let round = 0; round < 400 || edits === 0 || !heard.has('inside'); round++) {
    heard.add(/\d: (inside|outside)/.exec(await said('read', { filePath: 'sub/deep/a.txt' }))?.[1] ?? 'nothing');
    const [oldString, newString] = round % 2 === 0 ? ['side', 'SIDE'] : ['SIDE', 'side'];
    if ((await said('edit', { filePath: 'sub/deep/a.txt', oldString, newString })).startsWith('Edited')) edits++;
  }
  const isRunning = child.exitCode === null;
  child.kill('SIGKILL');
  await exited;

  expect(isRunning).toBe(true);
  expect(heard).not.toContain('outside');
  expectOutsideUntouched();
});
