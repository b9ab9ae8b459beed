import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listDirectory, makeDirectory, remove } from '../../host-agent/files/browse.ts';
import { openReading } from '../../host-agent/files/reading.ts';
import { hostFiles } from '../../host-agent/workspaces/host-workspace.ts';
import { checkRemovable } from '../../host-agent/workspaces/outside.ts';
import { contextDirectory, missionDirectory } from '../../host-agent/workspaces/paths.ts';
import type { FileScope } from '../../shared/calls/files.ts';
import type { MissionId } from '../../shared/ids.ts';
import { newMissionId, temporaryDirectory } from '../support/host-store.ts';

/** A server with two missions, each with a file in its directory and one among those given to it. */
const serverWithMissions = () => {
  const workingDir = realpathSync(temporaryDirectory());
  const roots = { workingDir, stateDir: join(workingDir, '.openagent') };
  const files = hostFiles(roots);
  mkdirSync(roots.stateDir);
  writeFileSync(join(roots.stateDir, 'secrets.json'), 'secret');
  const [mine, foreign] = [newMissionId(), newMissionId()];
  for (const mission of [mine, foreign]) {
    const directory = missionDirectory(workingDir, mission);
    mkdirSync(directory, { recursive: true });
    mkdirSync(contextDirectory(workingDir, mission), { recursive: true });
    writeFileSync(join(directory, 'report.md'), `report of ${mission}`);
    writeFileSync(join(contextDirectory(workingDir, mission), 'given.txt'), `given to ${mission}`);
    symlinkSync(contextDirectory(workingDir, mission), join(directory, 'context'));
  }
  const short = (id: MissionId) => id.slice(0, 8);
  return {
    ...roots,
    roots,
    files,
    mine,
    foreign,
    short,
    /** One of several users, on a mission of hers. */
    user: { current: mine, missions: [mine], everything: false } satisfies FileScope,
    /** The only user. */
    owner: { current: mine, missions: null, everything: true } satisfies FileScope,
    read: async (scope: FileScope, path: string): Promise<string> => {
      const reading = await openReading(files, scope, { path, range: null, rangeOfTag: null });
      const chunk = await reading.read(1000);
      await reading.close();
      return Buffer.from(chunk ?? []).toString();
    },
  };
};

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed',
    ({ code }: { code: string }) => code,
  );

test('every way to write a path of a mission leads to the same file', async () => {
  const { read, user, mine, short, workingDir } = serverWithMissions();
  const given = [
    './context/given.txt',
    'context/given.txt',
    './context//x/../given.txt',
    '/root/context/given.txt',
    `/root/context/${mine}/given.txt`,
    `${workingDir}/context/${mine}/given.txt`,
    `/workspaces/mission-${short(mine)}/context/given.txt`,
  ];
  const own = [
    'report.md',
    './report.md',
    `/workspaces/mission-${short(mine)}/report.md`,
    `${workingDir}/workspaces/mission-${short(mine)}/report.md`,
    `${workingDir}/workspaces/mission-${short(mine)}/context/../report.md`,
  ];

  for (const path of given) expect([path, await read(user, path)]).toEqual([path, `given to ${mine}`]);
  for (const path of own) expect([path, await read(user, path)]).toEqual([path, `report of ${mine}`]);
});

test("another user's mission does not tell what is in it, links out of it neither", async () => {
  const { files, user, read, foreign, mine, short, workingDir } = serverWithMissions();
  const theirs = `/workspaces/mission-${short(foreign)}`;
  symlinkSync('/etc', join(workingDir, theirs, 'out'));
  symlinkSync(join(workingDir, '.openagent'), join(workingDir, theirs, 'state'));
  symlinkSync(join(workingDir, 'workspaces', `mission-${short(mine)}`), join(workingDir, theirs, 'back'));

  for (const path of ['out', 'out/hostname', 'state', 'back/report.md', 'nothing', 'nothing/here']) {
    for (const base of [theirs, `${workingDir}${theirs}`])
      expect([path, await refusal(read(user, `${base}/${path}`))]).toEqual([path, 'not_found']);
    expect(await refusal(listDirectory(files, user, `${theirs}/${path}`))).toBe('not_found');
  }
});

test("another user's mission is not there, whatever the way to it, and a user sees nothing of the server", async () => {
  const { read, user, foreign, short, workingDir, mine, files } = serverWithMissions();
  symlinkSync(join(workingDir, 'context', foreign), join(missionDirectory(workingDir, mine), 'theirs'));
  const notFound = [
    `/root/context/${foreign}/given.txt`,
    `${workingDir}/context/${foreign}/given.txt`,
    `/workspaces/mission-${short(foreign)}/report.md`,
    `../mission-${short(foreign)}/report.md`,
    './theirs/given.txt',
    `/root/context/${foreign}/no-such-file`,
  ];
  const forbidden = ['/etc/hostname', '/', '/root/work', workingDir, `${workingDir}/context`, '../../../etc/hostname'];

  for (const path of notFound) expect([path, await refusal(read(user, path))]).toEqual([path, 'not_found']);
  for (const path of forbidden) {
    expect([path, await refusal(listDirectory(files, user, path))]).toEqual([path, 'forbidden']);
    expect([path, await refusal(remove(files, user, `${path}/x`, true))]).toEqual([path, 'forbidden']);
  }
  expect(await refusal(remove(files, user, `/root/context/${foreign}`, true))).toBe('not_found');
  expect(existsSync(join(workingDir, 'context', foreign))).toBe(true);
});

test('nobody reaches our own state, kernel files, or removes what holds all missions', async () => {
  const { read, owner, workingDir, stateDir, roots, files, mine } = serverWithMissions();
  symlinkSync(stateDir, join(missionDirectory(workingDir, mine), 'state'));
  symlinkSync(join(stateDir, 'secrets.json'), join(missionDirectory(workingDir, mine), 'notes.txt'));
  const closed = [
    `${stateDir}/secrets.json`,
    `${workingDir}/x/../.openagent/secrets.json`,
    './state/secrets.json',
    './notes.txt',
    `/proc/self/root${stateDir}/secrets.json`,
    '/proc/self/environ',
    '/dev/zero',
    '/sys/kernel/notes',
  ];

  for (const path of closed) expect([path, await refusal(read(owner, path))]).toEqual([path, 'forbidden']);
  expect(await refusal(makeDirectory(files, owner, './state/x'))).toBe('forbidden');
  // Only asked, never tried: a hole here must not cost the machine that runs the tests.
  const kept = [
    '/',
    '/root',
    '/etc',
    '/home',
    workingDir,
    `${workingDir}/workspaces`,
    `${workingDir}/context`,
    stateDir,
  ];
  const home = `${workingDir}/home`;
  for (const path of [...kept, '/usr/lib', '/home/ada/project', home])
    expect([path, await refusal(checkRemovable(roots, path, path, home))]).toEqual([path, 'forbidden']);
  expect(await refusal(checkRemovable(roots, `${home}/project`, `${home}/project`, home))).toBe('allowed');
  expect(readFileSync(join(stateDir, 'secrets.json'), 'utf8')).toBe('secret');
});

test('what is no path is refused with 400, and so is a relative one without a mission', async () => {
  const { read, owner } = serverWithMissions();
  const { read: readWithout } = serverWithMissions();
  const none = { current: null, missions: null, everything: true };

  for (const path of ['', '  ', 'a\0b', `./context/${'a'.repeat(5000)}`, '\ud800'])
    expect(await refusal(Promise.resolve().then(() => read(owner, path)))).toBe('bad_request');
  await expect(Promise.resolve().then(() => readWithout(none, './context/given.txt'))).rejects.toThrow(
    /^Relative upload path requires an active workspace/,
  );
});

test('a directory, a pipe and a missing file are no files to read', async () => {
  const { read, owner, workingDir, mine } = serverWithMissions();
  execFileSync('mkfifo', [join(missionDirectory(workingDir, mine), 'pipe')]);

  expect(await refusal(read(owner, './'))).toBe('bad_request');
  expect(await refusal(read(owner, './pipe'))).toBe('bad_request');
  expect(await refusal(read(owner, './missing'))).toBe('not_found');
  expect(await refusal(read(owner, './report.md/x'))).toBe('not_found');
});

test('a list names what is there without following links, in the words it was asked in', async () => {
  const { owner, user, files, workingDir, mine } = serverWithMissions();
  symlinkSync('/etc', join(contextDirectory(workingDir, mine), 'link'));
  mkdirSync(join(contextDirectory(workingDir, mine), 'a folder'));

  const entries = (await listDirectory(files, user, '/root/context/')).toSorted((a, b) => (a.name < b.name ? -1 : 1));

  expect(entries.map(({ name, path, kind }) => [name, path, kind])).toEqual([
    ['a folder', '/root/context/a folder', 'dir'],
    ['given.txt', '/root/context/given.txt', 'file'],
    ['link', '/root/context/link', 'link'],
  ]);
  expect(entries[1]).toMatchObject({ size: `given to ${mine}`.length, mtime: expect.any(Number) });
  // The places that dashboards offer are there from the first look.
  for (const path of ['/root/work', '/root/tools']) expect(await listDirectory(files, owner, path)).toEqual([]);
  const fresh = { ...owner, current: newMissionId() };
  expect(await listDirectory(files, fresh, '/root/context')).toEqual([]);
  expect(await refusal(listDirectory(files, owner, './nowhere'))).toBe('not_found');
});

test('removing takes links themselves, whole trees only when asked, and follows no link inside', async () => {
  const { owner, files, workingDir, mine, foreign } = serverWithMissions();
  const directory = missionDirectory(workingDir, mine);
  mkdirSync(join(directory, 'tree', 'deep'), { recursive: true });
  symlinkSync(join(workingDir, 'context', foreign), join(directory, 'tree', 'deep', 'out'));
  symlinkSync(join(workingDir, 'context', foreign), join(directory, 'out'));

  expect(await refusal(remove(files, owner, './tree', false))).toBe('bad_request');
  await remove(files, owner, './tree', true);
  await remove(files, owner, './out', true);
  await remove(files, owner, './report.md', false);
  expect(await refusal(remove(files, owner, './report.md', false))).toBe('not_found');

  for (const gone of ['tree', 'out', 'report.md']) expect(existsSync(join(directory, gone))).toBe(false);
  expect(existsSync(join(workingDir, 'context', foreign, 'given.txt'))).toBe(true);
});

test('a directory is made with those above it, twice, and not through a link that leads nowhere', async () => {
  const { user, files, workingDir, mine } = serverWithMissions();
  symlinkSync(join(workingDir, 'nowhere'), join(missionDirectory(workingDir, mine), 'dangling'));

  await makeDirectory(files, user, './a/b c/d');
  await makeDirectory(files, user, './a/b c/d');

  expect(existsSync(join(missionDirectory(workingDir, mine), 'a', 'b c', 'd'))).toBe(true);
  expect(await refusal(makeDirectory(files, user, './dangling/x'))).not.toBe('allowed');
  expect(existsSync(join(workingDir, 'nowhere'))).toBe(false);
  expect(await refusal(makeDirectory(files, user, './report.md/x'))).not.toBe('allowed');
});

test('the context of no mission is that of the whole server', () => {
  const { files, workingDir } = serverWithMissions();
  const none = { current: null, missions: null, everything: true };

  expect(files.wanted(none, '/root/context/a').path).toBe(`${workingDir}/context/a`);
  expect(files.wanted(none, '/root/contexts').path).toBe('/root/contexts');
});

test('a file has another tag after a change that keeps its size and its time, and is not sent to who has it', async () => {
  const { owner, files, workingDir, mine } = serverWithMissions();
  const file = join(contextDirectory(workingDir, mine), 'same');
  const read = async (ifNoneMatch: string | null) => {
    const conditions = { ifMatch: null, ifNoneMatch, ifModifiedSince: null, ifUnmodifiedSince: null };
    const options = { path: './context/same', range: null, rangeOfTag: null, conditions };
    const { described, close } = await openReading(files, owner, options);
    await close();
    return described;
  };
  const time = new Date('2026-01-01T00:00:00Z');
  writeFileSync(file, 'one');
  utimesSync(file, time, time);
  const { tag } = await read(null);
  expect((await read(tag)).span).toBeNull();
  // The kernel's clock for files has ticks of a few milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 50));
  writeFileSync(file, 'two');
  utimesSync(file, time, time);

  expect(await read(tag)).toMatchObject({ mtimeMs: time.getTime(), span: { start: 0, bytes: 3 } });
});

test('the last bytes of an empty file are all it has', async () => {
  const { owner, files, workingDir, mine } = serverWithMissions();
  writeFileSync(join(contextDirectory(workingDir, mine), 'empty'), '');
  const options = { path: './context/empty', range: { lastBytes: 5 }, rangeOfTag: null };
  const { described, close } = await openReading(files, owner, options);
  await close();

  expect(described.span).toEqual({ start: 0, bytes: 0 });
});

test('a range gives its bytes, and one outside of the file nothing', async () => {
  const { owner, files, workingDir, mine } = serverWithMissions();
  writeFileSync(join(contextDirectory(workingDir, mine), 'digits'), '0123456789');
  const read = async (
    range: { first: number; last: number | null } | { lastBytes: number },
    tag: string | null = null,
  ) => {
    const reading = await openReading(files, owner, { path: './context/digits', range, rangeOfTag: tag });
    const pieces: Uint8Array[] = [];
    for (let piece = await reading.read(3); piece; piece = await reading.read(3)) pieces.push(piece);
    await reading.close();
    return [Buffer.concat(pieces).toString(), reading.described.span];
  };

  expect(await read({ first: 2, last: 4 })).toEqual(['234', { start: 2, bytes: 3 }]);
  expect(await read({ first: 8, last: null })).toEqual(['89', { start: 8, bytes: 2 }]);
  expect(await read({ first: 8, last: 99 })).toEqual(['89', { start: 8, bytes: 2 }]);
  expect(await read({ lastBytes: 3 })).toEqual(['789', { start: 7, bytes: 3 }]);
  expect(await read({ lastBytes: 99 })).toEqual(['0123456789', { start: 0, bytes: 10 }]);
  expect(await read({ first: 10, last: null })).toEqual(['', null]);
  expect(await read({ lastBytes: 0 })).toEqual(['', null]);
  expect(await read({ first: 2, last: 4 }, '"another"')).toEqual(['0123456789', { start: 0, bytes: 10 }]);
});
