// The rules of .gitignore as snapshots read them, beside git itself.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { rootRules, rulesBelow } from '../../host-agent/hands/snapshots/rules.ts';
import { temporaryDirectory } from '../support/host-store.ts';

const lines = [
  '# a comment',
  '',
  '*.log',
  '!kept.log',
  'build/',
  '/anchored.txt',
  'docs/*.html',
  'a/**/z',
  '**/deep/name',
  'inside/**',
  'tail ',
  'kept-space\\ ',
  '\\#hash',
  '\\!bang',
  'file-[0-9a].txt',
  'not-[!x].txt',
  'que?tion',
  'star*in*middle',
  'esc\\*aped',
  '[unclosed',
  'x[]]y',
  'sub/dir/',
  '!sub/dir/',
  'cr\r',
];

const files = [
  'x.log',
  'deep/x.log',
  'kept.log',
  'deep/kept.log',
  'build/out',
  'deep/build/out',
  'nested/file/build',
  'anchored.txt',
  'deep/anchored.txt',
  'docs/a.html',
  'docs/deep/a.html',
  'other/docs/a.html',
  'a/z',
  'a/b/z',
  'a/b/c/z',
  'b/a/z',
  'deep/name',
  'x/deep/name',
  'inside/one/two',
  'tail',
  'kept-space ',
  '#hash',
  '!bang',
  'file-3.txt',
  'file-b.txt',
  'file-a.txt',
  'not-x.txt',
  'not-y.txt',
  'question',
  'que/tion',
  'starAinBmiddle',
  'starinmiddle',
  'star/in/middle',
  'esc*aped',
  'escXaped',
  '[unclosed',
  'x]y',
  'sub/dir/file',
  'cr',
  'plain',
];

test('what git leaves out, snapshots leave out, and nothing else', () => {
  const directory = temporaryDirectory();
  const git = (...args: string[]) => execFileSync('git', args, { cwd: directory, encoding: 'utf8' });
  git('init', '-q');
  writeFileSync(join(directory, '.gitignore'), `${lines.join('\n')}\n`);
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), '');
  }
  const kept = git('ls-files', '-z', '--others', '--exclude-standard')
    .split('\0')
    .filter((name) => files.includes(name));

  const rules = rulesBelow(rootRules, '', 'hash', () => lines.join('\n'));
  const isKept = (path: string): boolean => {
    const names = path.split('/');
    return names.every((_, at) => !rules.leaveOut(names.slice(0, at + 1).join('/'), at < names.length - 1));
  };
  expect(files.filter(isKept).sort()).toEqual(kept.sort());
});

test('a hostile pattern takes no longer than a plain one', () => {
  const rules = rulesBelow(rootRules, '', 'hash', () => `${'*a'.repeat(100)}*b\n${'**/*a*/'.repeat(50)}b\n`);

  expect(rules.leaveOut('a'.repeat(255), false)).toBe(false);
  expect(rules.leaveOut(`${'aaaa/'.repeat(500)}c`, false)).toBe(false);
});
