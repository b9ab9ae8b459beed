import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handsSession } from '../support/hands.ts';

test('an edit changes only its place: mark, line ends, mode and last line stay', async () => {
  const { put, text } = handsSession();
  const path = put('run.sh', '\uFEFFone\r\ntwo\r\nthree');
  chmodSync(path, 0o751);

  expect(await text('edit', { filePath: 'run.sh', oldString: 'two', newString: 'zwei\ndrei' })).toBe(`Edited ${path}.`);

  expect(readFileSync(path, 'utf8')).toBe('\uFEFFone\r\nzwei\r\ndrei\r\nthree');
  expect(statSync(path).mode & 0o7777).toBe(0o751);
  expect(readdirSync(join(path, '..'))).toEqual(['run.sh']);
});

test('the owner of a file stays its owner', async () => {
  const { put, text } = handsSession();
  const path = put('a.txt', 'one\n');
  // Who is not root has no other user to give it to, and keeps it.
  const uid = process.getuid?.() === 0 ? 12_345 : statSync(path).uid;
  if (process.getuid?.() === 0) chownSync(path, uid, uid);

  await text('edit', { filePath: 'a.txt', oldString: 'one', newString: 'two' });

  expect(statSync(path).uid).toBe(uid);
});

test('text in other encodings keeps every byte that was not meant', async () => {
  const { put, text, failure } = handsSession();
  const latin = put('latin.txt', Buffer.from('caf\xe9 \xff\n', 'latin1'));
  const wide = put('wide.txt', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a\r\nö\r\n', 'utf16le')]));

  await text('edit', { filePath: 'latin.txt', oldString: 'café', newString: 'thé' });
  await text('edit', { filePath: 'wide.txt', oldString: 'ö', newString: 'ü\n§' });

  expect(readFileSync(latin)).toEqual(Buffer.from('th\xe9 \xff\n', 'latin1'));
  expect(readFileSync(wide).toString('utf16le')).toBe('\uFEFFa\r\nü\r\n§\r\n');
  expect(await failure('edit', { filePath: 'latin.txt', oldString: 'th', newString: '→' })).toContain(
    'cannot hold "→"',
  );
});

test('several edits are done together, or none of them', async () => {
  const { put, text, failure } = handsSession();
  const path = put('a.txt', 'one\ntwo\nthree\n');
  const edits = [
    { oldString: 'one', newString: '1' },
    { oldString: 'three', newString: '3' },
  ];

  expect(await text('edit', { filePath: 'a.txt', edits })).toBe(`Edited ${path} in 2 places.`);
  expect(await failure('edit', { filePath: 'a.txt', edits })).toContain('Edit 1 of 2');
  expect(readFileSync(path, 'utf8')).toBe('1\ntwo\n3\n');
  expect(await failure('edit', { filePath: 'a.txt', edits, oldString: 'a', newString: 'b' })).toContain('not both');
  expect(await failure('edit', { filePath: 'a.txt', oldString: 'two' })).toContain('oldString and newString');
});

test('a file that changed since it was read is not edited until it is read again', async () => {
  const { put, text, failure } = handsSession();
  const path = put('a.txt', 'one\ntwo\n');
  await text('read', { filePath: 'a.txt' });
  writeFileSync(path, 'one\ntwo\nthree\n');

  expect(await failure('edit', { filePath: 'a.txt', oldString: 'one', newString: '1' })).toContain(
    'has changed since you read it',
  );
  await text('read', { filePath: 'a.txt' });
  await text('edit', { filePath: 'a.txt', oldString: 'one', newString: '1' });
  await text('edit', { filePath: 'a.txt', oldString: 'two', newString: '2' });

  expect(readFileSync(path, 'utf8')).toBe('1\n2\nthree\n');
});

test('a file that only got another time has not changed', async () => {
  const { put, text } = handsSession();
  const path = put('a.txt', 'one\n');
  await text('read', { filePath: 'a.txt' });
  utimesSync(path, 1, 1);

  expect(await text('write', { filePath: 'a.txt', content: 'two\n' })).toBe(`Replaced ${path}.`);
});

test('what a file has is only quoted to who has read it', async () => {
  const { put, text, failure } = handsSession();
  put('.env', 'PASSWORD=hunter2\n');
  const wrong = { filePath: '.env', oldString: 'PASSWORD=hunter3', newString: 'x' };

  expect(await failure('edit', wrong)).not.toContain('hunter2');
  await text('read', { filePath: '.env' });
  expect(await failure('edit', wrong)).toContain('1: PASSWORD=hunter2');
});

test('an empty oldString makes a new file, and never empties one', async () => {
  const { text, failure, directory } = handsSession();

  expect(await text('edit', { filePath: 'new/a.txt', oldString: '', newString: 'x\n' })).toBe(
    `Made ${directory}/new/a.txt.`,
  );
  expect(await failure('edit', { filePath: 'new/a.txt', oldString: '', newString: 'y' })).toContain(
    'oldString is empty',
  );
  expect(await failure('edit', { filePath: 'gone.txt', oldString: 'a', newString: 'b' })).toContain('does not exist');
});

test('edits of one file that are called side by side are all done', async () => {
  const { put, text } = handsSession();
  const words = Array.from({ length: 20 }, (_, index) => `word-${index}-`);
  const path = put('a.txt', `${words.join('\n')}\n`);

  await Promise.all(
    words.map((word) => text('edit', { filePath: 'a.txt', oldString: word, newString: `done ${word}` })),
  );

  expect(readFileSync(path, 'utf8')).toBe(`${words.map((word) => `done ${word}`).join('\n')}\n`);
});

test('a change that was cancelled while it waited for another is not made', async () => {
  const { put, text, call } = handsSession();
  const path = put('a.txt', 'one\ntwo\n');
  const stop = new AbortController();

  const first = text('edit', { filePath: 'a.txt', oldString: 'one', newString: '1' });
  const second = call('edit', { filePath: 'a.txt', oldString: 'two', newString: '2' }, { signal: stop.signal });
  stop.abort(new Error('cancelled'));

  await expect(second).rejects.toThrow('cancelled');
  await first;
  expect(readFileSync(path, 'utf8')).toBe('1\ntwo\n');
});

test('a person who is asked sees the path and what would change, and nothing is done before', async () => {
  const { put, once, directory } = handsSession();
  const path = put('src/a.txt', 'one\n');
  mkdirSync(join(directory, '.git'));

  const outcome = await once('edit', { filePath: 'src/a.txt', oldString: 'one', newString: 'two' });

  expect(outcome).toMatchObject({
    kind: 'asks',
    asks: [
      {
        permission: 'edit',
        patterns: ['src/a.txt'],
        always: ['*'],
        metadata: { filepath: path, diff: '--- src/a.txt\n+++ src/a.txt\n@@ -1 +1 @@\n-one\n+two\n' },
      },
    ],
  });
  expect(readFileSync(path, 'utf8')).toBe('one\n');
});

test('nothing is read outside of the mission before that is allowed', async () => {
  const { once, root, directory } = handsSession();
  writeFileSync(join(root, 'secret.txt'), 'secret\n');
  symlinkSync('../secret.txt', join(directory, 'link.txt'));

  for (const filePath of ['../secret.txt', 'link.txt']) {
    const outcome = await once('edit', { filePath, oldString: 'x', newString: 'y' });
    expect(outcome).toMatchObject({
      kind: 'asks',
      asks: [{ permission: 'external_directory', patterns: [`${root}/*`] }],
    });
  }
});

test('a link inside of the mission is followed and stays a link; one that leads to nothing is said', async () => {
  const { put, text, failure, directory } = handsSession();
  const path = put('real/a.txt', 'one\n');
  symlinkSync('real/a.txt', join(directory, 'link.txt'));
  symlinkSync('nowhere', join(directory, 'broken'));

  await text('edit', { filePath: 'link.txt', oldString: 'one', newString: 'two' });

  expect(readFileSync(path, 'utf8')).toBe('two\n');
  expect(await failure('write', { filePath: 'broken', content: 'x' })).toContain(
    'is a link to something that does not exist',
  );
});

test('a file that is exchanged for a link between the question and the deed is not followed', async () => {
  const { put, once, root } = handsSession();
  const { symlinkSync: link, rmSync } = await import('node:fs');
  const outside = join(root, 'outside.txt');
  writeFileSync(outside, 'one\n');
  const path = put('a.txt', 'one\n');
  const args = { filePath: 'a.txt', oldString: 'one', newString: 'two' };
  const asked = await once('edit', args);
  if (asked.kind !== 'asks') throw new Error('nothing was asked');
  rmSync(path);
  link(outside, path);

  expect(await once('edit', args, asked.asks)).toMatchObject({
    kind: 'asks',
    asks: [{ permission: 'external_directory' }],
  });
  expect(readFileSync(outside, 'utf8')).toBe('one\n');
});

test('write makes directories, replaces what was read, and refuses what was not', async () => {
  const { put, text, failure, directory } = handsSession();
  const path = put('a.txt', 'one\r\n');

  expect(await text('write', { filePath: 'x/y/z.txt', content: 'new\n' })).toBe(`Made ${directory}/x/y/z.txt.`);
  expect(await text('write', { filePath: 'x/y/z.txt', content: 'newer\n' })).toContain('Replaced');
  expect(await failure('write', { filePath: 'a.txt', content: 'two\n' })).toContain('you have not read it');
  await text('read', { filePath: 'a.txt' });
  expect(await text('write', { filePath: 'a.txt', content: 'two\n' })).toContain(
    'ended with CR LF; now they end with LF',
  );
  expect(readFileSync(path, 'utf8')).toBe('two\n');
  expect(await failure('write', { filePath: 'a.txt/b', content: '' })).toContain('is no directory');
  expect(await failure('write', { filePath: 'x', content: '' })).toContain('is a directory');
});

test('a name that no file system has is said in words', async () => {
  const { failure } = handsSession();

  expect(await failure('write', { filePath: 'n'.repeat(300), content: '' })).toContain('too long');
});

test('another name of the same file is left as it was', async () => {
  const { put, text, directory } = handsSession();
  linkSync(put('a.txt', 'one\n'), join(directory, 'store.txt'));

  await text('edit', { filePath: 'a.txt', oldString: 'one', newString: 'two' });

  expect(readFileSync(join(directory, 'store.txt'), 'utf8')).toBe('one\n');
});
