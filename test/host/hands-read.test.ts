import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missionShort } from '../../shared/ids.ts';
import { handsSession } from '../support/hands.ts';
import { newMissionId } from '../support/host-store.ts';

/** The smallest PNG: one dot. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const lines = (count: number, line = 'line'): string =>
  Array.from({ length: count }, (_, index) => `${line} ${index + 1}\n`).join('');

test('a file comes with line numbers, and its end is said', async () => {
  const { put, text } = handsSession();
  const path = put('a.txt', 'one\r\ntwo\nthree');

  expect(await text('read', { filePath: 'a.txt' })).toBe(
    `<path>${path}</path>\n<type>file</type>\n<content>\n1: one\n2: two\n3: three\n\n(End of file: 3 lines)\n</content>`,
  );
});

test('a part is shown by its lines, and where to go on is said', async () => {
  const { put, text, failure } = handsSession();
  put('a.txt', lines(100));

  const shown = await text('read', { filePath: 'a.txt', offset: '40', limit: 2 });

  expect(shown).toContain('\n40: line 40\n41: line 41\n\n(Lines 40 to 41 of 100. Go on with offset=42.)');
  expect(await failure('read', { filePath: 'a.txt', offset: 101 })).toContain('has 100 lines: there is no line 101');
});

test('what a model reads stays below what OpenCode cuts, and says how to go on', async () => {
  const { put, text } = handsSession();
  put('many.txt', lines(5_000));
  put('wide.txt', lines(1_000, 'x'.repeat(300)));
  put('long.txt', `${'y'.repeat(1_000_000)}\nend\n`);

  for (const name of ['many.txt', 'wide.txt', 'long.txt']) {
    const shown = await text('read', { filePath: name });
    expect(shown.split('\n').length).toBeLessThan(2_000);
    expect(Buffer.byteLength(shown)).toBeLessThan(50 * 1024);
  }
  expect(await text('read', { filePath: 'many.txt' })).toContain('Lines 1 to 1940 of 5000. Go on with offset=1941.');
  expect(await text('read', { filePath: 'wide.txt' })).toMatch(/More would be too long. Lines 1 to \d+ of 1000/);
  expect(await text('read', { filePath: 'long.txt' })).toMatch(/y … \(a line of 1000000 bytes, cut here\)\n2: end\n/);
});

test('a file of a gigabyte is read in no time and little memory', async () => {
  const { put, text } = handsSession();
  const path = put('huge.log', lines(1_000));
  truncateSync(path, 1024 ** 3);
  const before = process.memoryUsage().rss;

  const shown = await text('read', { filePath: path, offset: 999, limit: 2 });

  expect(shown).toContain('999: line 999\n1000: line 1000\n\n(Lines 999 to 1000 of many. Go on with offset=1001.)');
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
});

test('an image is shown, and a binary file described', async () => {
  const { put, call, text } = handsSession();
  put('dot.txt', Buffer.from(dot, 'base64'));
  put('program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0', 'latin1'));

  expect(await call('read', { filePath: 'dot.txt' })).toMatchObject({
    kind: 'done',
    images: [{ mime: 'image/png', base64: dot }],
    view: { kind: 'image', mime: 'image/png' },
  });
  expect(await text('read', { filePath: 'program' })).toContain(
    'a binary file of 10 bytes: a program or library (ELF)',
  );
});

test('text in other encodings is shown as text', async () => {
  const { put, text } = handsSession();
  put('latin.txt', Buffer.from('caf\xe9\n', 'latin1'));
  put('wide.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('größe\n', 'utf16le')]));

  expect(await text('read', { filePath: 'latin.txt' })).toContain('1: café\n');
  expect(await text('read', { filePath: 'wide.txt' })).toContain('1: größe\n');
});

test('a directory is listed, with links and odd names', async () => {
  const { put, directory, text } = handsSession();
  put('src/a.ts', '');
  put('b\nc.txt', '');
  symlinkSync('src', join(directory, 'link'));
  symlinkSync('nowhere', join(directory, 'broken'));

  expect(await text('read', { filePath: '.' })).toContain(
    '<entries>\nb\\nc.txt\nbroken -> nowhere\nlink/ -> src\nsrc/\n\n(4 entries)\n</entries>',
  );
  expect(await text('read', { filePath: 'b\nc.txt' })).toContain('(End of file: 0 lines)');
});

test('a directory of 10,000 files is listed in parts', async () => {
  const { put, text, directory } = handsSession();
  put('0', '');
  for (let index = 1; index < 10_000; index++)
    writeFileSync(join(directory, `a rather long name of a file ${index}`), '');

  const shown = await text('read', { filePath: '.' });

  expect(Buffer.byteLength(shown)).toBeLessThan(50 * 1024);
  const next = /Entries 1 to (\d+) of 10000. Go on with offset=(\d+)/.exec(shown);
  expect(Number(next?.[2])).toBe(Number(next?.[1]) + 1);
  expect(await text('read', { filePath: '.', offset: 9_999 })).toContain('(Entries 9999 to 10000 of 10000.)');
});

test('a file that is not there is told with what has nearly its name', async () => {
  const { put, failure, directory } = handsSession();
  put('README.md', '');

  expect(await failure('read', { filePath: 'REDME.md' })).toContain(
    `Did you mean one of these?\n${directory}/README.md`,
  );
  expect(await failure('read', { filePath: 'no/such/file' })).toContain('neither does the directory');
});

test('a pipe is refused, and does not make the call wait for its other end', async () => {
  const { directory, failure } = handsSession();
  execFileSync('mkfifo', [join(directory, 'pipe')]);

  expect(await failure('read', { filePath: 'pipe' })).toContain('no ordinary file');
  expect(await failure('read', { filePath: '/dev/zero' })).toContain('no ordinary file');
});

test('what a call asks for: the path from the worktree, and the directory outside', async () => {
  const { put, once, root, directory } = handsSession();
  put('sub/.env', 'KEY=1');
  mkdirSync(join(directory, '.git'));
  writeFileSync(join(root, 'outside.txt'), 'x');

  expect(await once('read', { filePath: 'sub/.env' })).toEqual({
    kind: 'asks',
    asks: [{ permission: 'read', patterns: ['sub/.env'], always: ['*'], metadata: {} }],
  });
  expect(await once('read', { filePath: '../outside.txt' })).toEqual({
    kind: 'asks',
    asks: [
      {
        permission: 'external_directory',
        patterns: [`${root}/*`],
        always: [`${root}/*`],
        metadata: { filepath: `${root}/outside.txt`, parentDir: root },
      },
      { permission: 'read', patterns: ['../outside.txt'], always: ['*'], metadata: {} },
    ],
  });
});

test('files given to the mission are its own, those of others are not', async () => {
  const { root, once, text } = handsSession();
  const [mine, foreign] = [newMissionId(), newMissionId()];
  const directory = join(root, 'workspaces', `mission-${missionShort(mine)}`);
  mkdirSync(directory, { recursive: true });
  for (const mission of [mine, foreign]) {
    mkdirSync(join(root, 'context', mission), { recursive: true });
    writeFileSync(join(root, 'context', mission, 'given.txt'), mission);
  }
  symlinkSync(join(root, 'context', mine), join(directory, 'context'));
  symlinkSync(join(root, 'context', foreign), join(directory, 'other'));
  const asked = async (filePath: string) => {
    const outcome = await once('read', { filePath }, [], { directory });
    return outcome.kind === 'asks' ? outcome.asks.map(({ permission }) => permission) : outcome;
  };

  expect(await asked('context/given.txt')).toEqual(['read']);
  expect(await asked('other/given.txt')).toEqual(['external_directory', 'read']);
  expect(await text('read', { filePath: join(directory, 'context', 'given.txt') })).toContain(`1: ${mine}`);
});

test('arguments that do not fit are told, not thrown', async () => {
  const { failure, put, text } = handsSession();
  put('a.txt', 'one');

  expect(await text('read', { filePath: 'a.txt', offset: null, limit: null })).toContain('1: one');
  expect(await failure('read', { filePath: null })).toContain('filePath');
  expect(await failure('read', { path: 'x' })).toContain('filePath');
  expect(await failure('read', 'a.txt')).toContain('do not fit');
  expect(await failure('read', { filePath: '' })).toContain('no path');
  expect(await failure('read', { filePath: 'a\0b' })).toContain('no path');
});

test('a call that was cancelled ends', async () => {
  const { put, call } = handsSession();
  put('a.txt', lines(10));

  await expect(
    call('read', { filePath: 'a.txt' }, { signal: AbortSignal.abort(new Error('cancelled')) }),
  ).rejects.toThrow('cancelled');
});
