import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handsSession } from '../support/hands.ts';

/** Sets when a file was changed: minutes ago. */
const age = (path: string, minutes: number): void => {
  const time = Date.now() / 1000 - minutes * 60;
  utimesSync(path, time, time);
};

test('files are found by name, the one changed last first, without what .gitignore leaves out', async () => {
  const { put, text, directory } = handsSession();
  put('.gitignore', 'build/\n');
  age(put('a.ts', ''), 3);
  age(put('src/b.ts', ''), 1);
  age(put('src/.hidden/c.ts', ''), 2);
  put('build/d.ts', '');
  put('.git/e.ts', '');

  expect(await text('glob', { pattern: '*.ts' })).toBe(
    `${directory}/src/b.ts\n${directory}/src/.hidden/c.ts\n${directory}/a.ts`,
  );
  expect(await text('glob', { pattern: './src/*.ts' })).toBe(`${directory}/src/b.ts`);
  expect(await text('glob', { pattern: `${directory}/src/**/*.ts` })).toContain('c.ts');
  expect(await text('glob', { pattern: '*.py' })).toBe('No files found.');
});

test('names with line ends, and many files, are no trouble', async () => {
  const { put, text, once, directory } = handsSession();
  put('odd\nname.ts', 'needle\n');
  for (let index = 0; index < 150; index++) put(`d/${index}.ts`, '');

  const shown = await text('glob', { pattern: '**/*.ts' });

  expect(shown.split('\n')).toHaveLength(102);
  expect(shown).toContain('(Only 100 of them: there are more.');
  expect(await text('glob', { pattern: 'odd*' })).toBe(`${directory}/odd\\nname.ts`);
  expect(await text('grep', { pattern: 'needle' })).toContain('odd\\nname.ts:\n  Line 1: needle');
  expect(await once('glob', { pattern: '*' })).toMatchObject({ asks: [{ permission: 'glob', patterns: ['*'] }] });
});

test('lines are found with file and number, those of the file changed last first', async () => {
  const { put, text, directory } = handsSession();
  age(put('old.ts', 'x\nfind me\n'), 5);
  age(put('new.py', 'find me too\nfind  me\n'), 1);

  expect(await text('grep', { pattern: 'find\\s+me' })).toBe(
    [
      '3 matches in 2 files',
      '',
      `${directory}/new.py:`,
      '  Line 1: find me too',
      '  Line 2: find  me',
      '',
      `${directory}/old.ts:`,
      '  Line 2: find me',
    ].join('\n'),
  );
  expect(await text('grep', { pattern: 'find', include: '*.ts' })).toContain('1 match in 1 files');
  expect(await text('grep', { pattern: 'find', path: 'old.ts' })).toContain('Line 2: find me');
  expect(await text('grep', { pattern: 'FIND' })).toBe('No matches found.');
  expect(await text('grep', { pattern: 'find(?= me too)' })).toContain('1 match');
  expect(await text('grep', { pattern: 'x\\nfind' })).toContain('old.ts');
});

test('binary files are left out, long lines are cut, and the rest is said', async () => {
  const { put, text } = handsSession();
  put('data.bin', Buffer.from('needle\0\n'));
  put('wide.js', `${'x'.repeat(100_000)}needle\n`);
  put('many.txt', 'needle here\n'.repeat(300));

  const shown = await text('grep', { pattern: 'needle' });

  expect(shown).toContain('The first 100 matches');
  expect(shown).toContain('(There are more.');
  expect(Buffer.byteLength(shown)).toBeLessThan(50 * 1024);
  expect(await text('grep', { pattern: 'needle', path: 'data.bin' })).not.toContain('\0');
  expect(await text('grep', { pattern: 'needle', path: 'wide.js' })).toContain('too long to be shown');
});

test('a pattern that is none is told with what is wrong', async () => {
  const { put, failure } = handsSession();
  put('a.txt', '');

  expect(await failure('grep', { pattern: 'foo(' })).toContain('unclosed group');
  expect(await failure('glob', { pattern: '[' })).toContain('unclosed character class');
  expect(await failure('grep', { pattern: 'x', path: 'nowhere' })).toContain('does not exist');
  expect(await failure('glob', { pattern: 'x', path: 'a.txt' })).toContain('is a file');
});

test('a search does not follow links, nor wait for pipes', async () => {
  const { put, text, root, directory } = handsSession();
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'elsewhere', 'secret.txt'), 'needle\n');
  symlinkSync('../elsewhere', join(directory, 'link'));
  execFileSync('mkfifo', [join(directory, 'pipe')]);
  put('a.txt', 'needle\n');

  expect(await text('grep', { pattern: 'needle' })).toContain('1 match in 1 files');
});

test('what a search outside asks for is its pattern and the directory, also behind a link', async () => {
  const { once, root, directory } = handsSession();
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync('../elsewhere', join(directory, 'link'));

  for (const path of ['../elsewhere', 'link'])
    expect(await once('grep', { pattern: 'needle', path })).toMatchObject({
      asks: [
        { permission: 'grep', patterns: ['needle'] },
        { permission: 'external_directory', patterns: [`${root}/elsewhere/*`] },
      ],
    });
});

test('a search of 10,000 files is cut at 100', async () => {
  const { put, text, directory } = handsSession();
  put('0/0.txt', 'needle 0\n');
  for (let index = 1; index < 10_000; index++) {
    if (index % 100 === 0) mkdirSync(join(directory, `${index / 100}`));
    writeFileSync(join(directory, `${Math.floor(index / 100)}`, `${index}.txt`), `needle ${index}\n`);
  }

  expect(await text('grep', { pattern: 'needle' })).toMatch(/^The first 100 matches in 100 files/);
  expect(await text('grep', { pattern: 'needle 7777$' })).toContain(`${directory}/77/7777.txt:\n  Line 1: needle 7777`);
  expect((await text('glob', { pattern: '**/*' })).split('\n')).toHaveLength(102);
});

test('a search that was cancelled ends', async () => {
  const { put, call } = handsSession();
  put('a.txt', 'needle\n');

  await expect(call('grep', { pattern: 'n' }, { signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow(
    'cancelled',
  );
});
