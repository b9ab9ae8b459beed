// What snapshots of a mission's files keep, and what putting back does: the functions themselves, on real files.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { objectsIn, short, snapshotMission } from '../support/snapshot-mission.ts';

test('a turn changed what is otherwise at its end: added, modified, deleted, renamed, made to run, linked', async () => {
  const mission = snapshotMission();
  mission.put('kept.txt', 'kept\n');
  mission.put('src/old.txt', 'one\ntwo\nthree\n');
  mission.put('gone.txt', 'gone\n');
  mission.put('moved.txt', 'the same text\n');
  mission.put('run.sh', 'echo hello\n');

  const turn = await mission.turn(() => {
    mission.put('src/old.txt', 'one\n2\nthree\nfour\n');
    mission.put('new/deep/file.txt', 'new\n');
    rmSync(mission.at('gone.txt'));
    mkdirSync(mission.at('to'));
    renameSync(mission.at('moved.txt'), mission.at('to/here.txt'));
    chmodSync(mission.at('run.sh'), 0o755);
    symlinkSync('kept.txt', mission.at('link'));
  });

  const files = await mission.changed(turn);
  expect(short(files)).toEqual([
    'deleted gone.txt',
    'added link',
    'added new/deep/file.txt',
    'modified run.sh',
    'modified src/old.txt',
    'renamed moved.txt > to/here.txt',
  ]);
  expect(files.find(({ path }) => path === 'src/old.txt')).toMatchObject({ added: 2, removed: 1, binary: false });
  expect(files.find(({ path }) => path === 'link')).toMatchObject({ kind: 'link' });
});

test('the diff of a turn is one that patch takes', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'one\ntwo\nthree\n');
  mission.put('b.txt', 'no end of line');
  const turn = await mission.turn(() => {
    mission.put('a.txt', 'one\n2\nthree\n');
    mission.put('b.txt', 'no end of line here');
    mission.put('c.txt', 'new\n');
  });
  const { files } = await mission.diff(turn);

  const copy = join(mission.root, 'copy');
  mkdirSync(copy);
  writeFileSync(join(copy, 'a.txt'), 'one\ntwo\nthree\n');
  writeFileSync(join(copy, 'b.txt'), 'no end of line');
  execFileSync('git', ['apply', '-'], { cwd: copy, input: files.map(({ diff }) => diff).join('') });
  expect(['a.txt', 'b.txt', 'c.txt'].map((name) => readFileSync(join(copy, name), 'utf8'))).toEqual([
    'one\n2\nthree\n',
    'no end of line here',
    'new\n',
  ]);
});

test('a turn that changed nothing costs a line, also for the next process', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'a');
  await mission.turn(() => mission.put('b.txt', 'b'));
  await mission.turn(() => undefined);
  const objects = objectsIn(mission.store);
  mission.restart();
  const turn = await mission.turn(() => undefined);

  expect(objectsIn(mission.store)).toEqual(objects);
  expect(await mission.changed(turn)).toEqual([]);
});

test('undo puts back every byte and what may run, removes what came, and can be undone', async () => {
  const mission = snapshotMission();
  const bytes = Buffer.from([0, 255, 13, 10, 1]);
  mission.put('bytes.bin', bytes);
  mission.put('folder/text.txt', 'before\r\n');
  mission.put('run.sh', 'run');
  chmodSync(mission.at('run.sh'), 0o755);
  symlinkSync('folder', mission.at('link'));
  const turn = await mission.turn(() => {
    mission.put('bytes.bin', 'text now');
    rmSync(mission.at('folder'), { recursive: true });
    chmodSync(mission.at('run.sh'), 0o644);
    rmSync(mission.at('link'));
    symlinkSync('/etc/hostname', mission.at('link'));
    mission.put('came/with/it.txt', 'it');
    mkdirSync(mission.at('empty'));
  });

  const first = await mission.undo(null);
  expect(first).toMatchObject({ of: turn });
  expect(readFileSync(mission.at('bytes.bin')).equals(bytes)).toBe(true);
  expect(mission.text('folder/text.txt')).toBe('before\r\n');
  expect(lstatSync(mission.at('run.sh')).mode & 0o777).toBe(0o755);
  expect(readlinkSync(mission.at('link'))).toBe('folder');
  expect([existsSync(mission.at('came')), existsSync(mission.at('empty'))]).toEqual([false, false]);
  expect((await mission.list()).steps.map(({ kind, undone: is }) => [kind, is])).toEqual([
    ['undo', false],
    ['turn', true],
  ]);

  await mission.undo(first.undo);
  expect(mission.text('bytes.bin')).toBe('text now');
  expect(mission.text('came/with/it.txt')).toBe('it');
  expect(readlinkSync(mission.at('link'))).toBe('/etc/hostname');
  expect((await mission.list()).steps.map(({ kind, undone: is }) => [kind, is])).toEqual([
    ['undo', false],
    ['undo', true],
    ['turn', false],
  ]);
});

test('undo after undo goes further back, and ends with a sentence', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', '0');
  await mission.turn(() => mission.put('a.txt', '1'));
  await mission.turn(() => mission.put('a.txt', '2'));
  await mission.turn(() => undefined);

  await mission.undo(null);
  expect(mission.text('a.txt')).toBe('1');
  await mission.undo(null);
  expect(mission.text('a.txt')).toBe('0');
  await expect(mission.undo(null)).rejects.toThrow(
    'No turn of this mission has changed a file that could be put back.',
  );
});

test('undo of some files leaves the others', async () => {
  const mission = snapshotMission();
  const turn = await mission.turn(() => {
    mission.put('a.txt', 'a');
    mission.put('b.txt', 'b');
  });

  await mission.undo(turn, { paths: ['a.txt'] });

  expect([existsSync(mission.at('a.txt')), existsSync(mission.at('b.txt'))]).toEqual([false, true]);
  expect((await mission.list()).steps.at(-1)).toMatchObject({ id: turn, undone: false });
  await expect(mission.undo(turn, { paths: ['c.txt'] })).rejects.toThrow('The turn did not change c.txt.');
});

test('undo refuses where a file was changed since, names it, and does nothing; by force it keeps what it replaces', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'first');
  mission.put('b.txt', 'first');
  const turn = await mission.turn(() => {
    mission.put('a.txt', 'second');
    mission.put('b.txt', 'second');
  });
  mission.put('a.txt', 'by a person');

  await expect(mission.undo(turn)).rejects.toThrow(/^Changed since that turn: a\.txt\. Nothing was put back\./);
  expect([mission.text('a.txt'), mission.text('b.txt')]).toEqual(['by a person', 'second']);

  const forced = await mission.undo(turn, { force: true });
  expect([mission.text('a.txt'), mission.text('b.txt')]).toEqual(['first', 'first']);
  await mission.undo(forced.undo);
  expect([mission.text('a.txt'), mission.text('b.txt')]).toEqual(['by a person', 'second']);
});

test('what .gitignore leaves out is no change, and undo leaves it alone', async () => {
  const mission = snapshotMission();
  mission.put('.gitignore', 'dist/\n*.log\n!kept.log\n');
  mission.put('deep/.gitignore', 'only-here\n');
  mission.put('app.log', 'was there');
  const turn = await mission.turn(() => {
    mission.put('dist/out.js', 'built');
    mission.put('app.log', 'more');
    mission.put('kept.log', 'kept');
    mission.put('deep/only-here', 'x');
    mission.put('only-here', 'x');
    mission.put('node_modules/pkg/index.js', 'x');
    mission.put('clone/.git/HEAD', 'ref: refs/heads/main');
    mission.put('clone/readme.md', 'of a repository inside');
    mission.put('clone/.gitignore', 'build\n');
    mission.put('clone/build/x', 'x');
  });

  expect(short(await mission.changed(turn))).toEqual([
    'added clone/.gitignore',
    'added clone/readme.md',
    'added kept.log',
    'added only-here',
  ]);
  await mission.undo(turn);
  expect(existsSync(mission.at('clone/readme.md'))).toBe(false);
  expect(
    ['dist/out.js', 'app.log', 'clone/.git/HEAD', 'clone/build/x'].map((path) => existsSync(mission.at(path))),
  ).toEqual([true, true, true, true]);
});

test('a file that a rule begins to leave out is not said to be deleted, and one that is not any more not to be new', async () => {
  const mission = snapshotMission();
  mission.put('out.txt', 'out');
  const first = await mission.turn(() => mission.put('.gitignore', 'out.txt\n'));
  const second = await mission.turn(() => mission.put('.gitignore', '\n'));

  expect(short(await mission.changed(first))).toEqual(['added .gitignore']);
  expect(short(await mission.changed(second))).toEqual(['modified .gitignore']);
});

test('names that are no UTF-8, have line ends, or look like options are put back like any other', async () => {
  const mission = snapshotMission();
  const odd = Buffer.concat([Buffer.from(`${mission.directory}/odd`), Buffer.from([0xff, 0xfe]), Buffer.from('.txt')]);
  const names = ['line\nend.txt', '-rf', '"quoted".txt', ' spaces ', '\ufffd', 'back\\slash'];
  writeFileSync(odd, 'before');
  for (const name of names) mission.put(name, 'before');
  const turn = await mission.turn(() => {
    rmSync(odd);
    for (const name of names) mission.put(name, 'after');
  });

  const { files } = await mission.diff(turn);
  expect(files.map(({ path }) => path).sort()).toEqual([...names, 'odd\\xff\\xfe.txt'].sort());
  expect(files.find(({ path }) => path === 'line\nend.txt')?.diff).toContain('--- "a/line\\nend.txt"\n');
  await mission.undo(turn);
  expect(readFileSync(odd, 'utf8')).toBe('before');
  expect(names.map(mission.text)).toEqual(names.map(() => 'before'));
});

test('links are never followed: neither by a look nor by an undo, also where one was put in the place of a directory', async () => {
  const mission = snapshotMission();
  const outside = join(mission.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'file.txt'), 'not of the mission');
  mission.put('folder/file.txt', 'before');
  const turn = await mission.turn(() => {
    mission.put('folder/file.txt', 'after');
    symlinkSync(outside, mission.at('elsewhere'));
  });
  expect(short(await mission.changed(turn))).toEqual(['added elsewhere', 'modified folder/file.txt']);

  rmSync(mission.at('folder'), { recursive: true });
  symlinkSync(outside, mission.at('folder'));
  await expect(mission.undo(turn)).rejects.toThrow('Changed since that turn: folder/file.txt.');
  const forced = await mission.undo(turn, { force: true });

  expect(forced.files).toContainEqual({
    path: 'folder/file.txt',
    did: 'left',
    why: 'folder is in the way: it is not a directory.',
  });
  expect(readdirSync(outside)).toEqual(['file.txt']);
  expect(readFileSync(join(outside, 'file.txt'), 'utf8')).toBe('not of the mission');
});

test('a file that is hard-linked from elsewhere is not written through', async () => {
  const mission = snapshotMission();
  mission.put('a.txt', 'before');
  const turn = await mission.turn(() => mission.put('a.txt', 'after'));
  linkSync(mission.at('a.txt'), join(mission.root, 'linked'));

  await mission.undo(turn);

  expect(mission.text('a.txt')).toBe('before');
  expect(readFileSync(join(mission.root, 'linked'), 'utf8')).toBe('after');
});

test('a very large file is said to have changed and not to be kept, and binary content is no diff', async () => {
  const mission = snapshotMission();
  mission.put('image.bin', Buffer.from([0, 1, 2]));
  writeFileSync(mission.at('large'), '');
  truncateSync(mission.at('large'), 20_000_000);
  const turn = await mission.turn(() => {
    truncateSync(mission.at('large'), 30_000_000);
    mission.put('image.bin', Buffer.from([0, 1, 3]));
  });

  expect(await mission.changed(turn)).toMatchObject([
    { path: 'image.bin', binary: true, kept: true, added: null },
    { path: 'large', kept: false, added: null },
  ]);
  const { files } = await mission.undo(turn);
  expect(files).toEqual([
    { path: 'image.bin', did: 'restored', why: null },
    { path: 'large', did: 'left', why: 'What it was is not kept: it was too large, or could not be read.' },
  ]);
});
