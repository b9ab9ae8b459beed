import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handsSession } from '../support/hands.ts';

test('workspace_read_file gives the text alone, also a part of it, and describes what is binary', async () => {
  const { put, text, failure } = handsSession();
  put('a.txt', 'one\ntwo\nthree\n');
  put('data.bin', Buffer.from('a\0b'));

  expect(await text('workspace_read_file', { path: 'a.txt' })).toBe('one\ntwo\nthree');
  expect(await text('workspace_read_file', { path: './a.txt', start_line: 2, end_line: 2 })).toBe('two');
  expect(await text('workspace_read_file', { path: 'data.bin' })).toContain('a binary file of 3 bytes');
  expect(await failure('workspace_read_file', { path: 'gone' })).toMatch(/^Tool error: .*does not exist/);
});

test('workspace_write_file makes parents, overwrites, and warns of what looks cut off', async () => {
  const { put, text, directory } = handsSession();
  put('a.json', '{}');

  expect(await text('workspace_write_file', { path: 'x/y.txt', content: 'ö\n' })).toBe(
    `Wrote 3 bytes to ${directory}/x/y.txt`,
  );
  expect(await text('workspace_write_file', { path: 'a.json', content: '{"a": 1,' })).toContain(
    'Warning: it is no valid JSON',
  );
  expect(await text('workspace_write_file', { path: 'b.ts', content: 'f();\n// ... rest of the code' })).toContain(
    'Warning: its last line',
  );
  expect(readFileSync(join(directory, 'a.json'), 'utf8')).toBe('{"a": 1,');
});

test('workspace_delete_file removes one file or link, and no directory', async () => {
  const { put, text, failure, directory, root } = handsSession();
  put('a.txt', 'x');
  put('d/b.txt', 'x');
  writeFileSync(join(root, 'kept.txt'), 'x');
  symlinkSync('../kept.txt', join(directory, 'link'));

  expect(await text('workspace_delete_file', { path: 'a.txt' })).toBe(`Deleted ${directory}/a.txt`);
  expect(await text('workspace_delete_file', { path: 'link' })).toBe(`Deleted ${directory}/link`);
  expect(await failure('workspace_delete_file', { path: 'd' })).toContain('is a directory');
  expect([
    existsSync(join(directory, 'a.txt')),
    existsSync(join(directory, 'd')),
    existsSync(join(root, 'kept.txt')),
  ]).toEqual([false, true, true]);
});

test('workspace_list_directory shows a tree, three levels deep unless it is said', async () => {
  const { put, text, failure } = handsSession();
  put('a/b/c/d/e.txt', '');
  put('a/f.txt', '');
  put('node_modules/x/index.js', '');

  expect(await text('workspace_list_directory', { path: '.' })).toBe(
    'a/\n  b/\n    c/\n  f.txt\nnode_modules/ (not opened)',
  );
  expect(await text('workspace_list_directory', { path: '.', max_depth: 1 })).toBe('a/\nnode_modules/ (not opened)');
  expect(await text('workspace_list_directory', { path: 'a/b/c/d' })).toBe('e.txt');
  expect(await failure('workspace_list_directory', { path: 'a/f.txt' })).toContain('is a file');
});

test('a large tree is cut where it is deep', async () => {
  const { put, text } = handsSession();
  for (let index = 0; index < 1_200; index++) put(`a/${index}.txt`, '');
  put('z/last.txt', '');

  const shown = await text('workspace_list_directory', { path: '.' });

  expect(shown).toContain('\nz/');
  expect(shown).toContain('(Cut at 1000 entries.');
});

test('workspace_search_files and workspace_grep_search find by part and without regard to case', async () => {
  const { put, text, directory } = handsSession();
  put('src/UserService.ts', 'const Needle = 1;\n');
  put('src/other.py', 'needle = 2\n');

  expect(await text('workspace_search_files', { pattern: 'userserv' })).toBe(`${directory}/src/UserService.ts`);
  expect(await text('workspace_search_files', { pattern: '*.PY' })).toBe(`${directory}/src/other.py`);
  expect(await text('workspace_grep_search', { pattern: 'NEEDLE' })).toContain('2 matches in 2 files');
  expect(
    await text('workspace_grep_search', { pattern: 'Needle', case_sensitive: true, file_pattern: '*.ts' }),
  ).toContain('1 match');
});

test('an alias asks under its own name alone, with the path', async () => {
  const { put, once, directory } = handsSession();
  put('a.txt', 'x');
  const asked = async (name: string, args: unknown) => {
    const outcome = await once(name, args);
    return outcome.kind === 'asks'
      ? outcome.asks.map(({ permission, patterns }) => ({ permission, patterns }))
      : outcome;
  };
  const pattern = `${directory}/a.txt`.slice(1);

  for (const name of ['workspace_read_file', 'workspace_delete_file'])
    expect(await asked(name, { path: 'a.txt' })).toEqual([{ permission: name, patterns: [pattern] }]);
  expect(await asked('workspace_write_file', { path: '/etc/x', content: '' })).toEqual([
    { permission: 'workspace_write_file', patterns: ['etc/x'] },
  ]);
});
