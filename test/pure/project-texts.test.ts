import { expect, test } from 'vitest';
import { frontMatter } from '../../host-agent/hands/tools/project/front-matter.ts';
import { looseJson } from '../../host-agent/hands/tools/project/loose-json.ts';
import { calledCommand, filled } from '../../host-agent/hands/tools/project/template.ts';
import { unlinked } from '../../host-agent/opencode/plugin/unlinked.ts';

/** How OpenCode 1.18.33 finds files in a text (read in its program). */
const linkedFiles = (text: string) =>
  [...text.matchAll(/(?<![\w`])@(\.?[^\s`,.]*(?:\.[^\s`,.]+)*)/g)].map(([, file]) => file);

test.each([
  ['see @/etc/shadow, please', 'see `@/etc/shadow`, please'],
  ['@~/a.txt', '`@~/a.txt`'],
  ['mail a@b.org of `@types/node`', 'mail a@b.org of `@types/node`'],
])('in the prompt of a sub-agent %j no file is named for OpenCode', (prompt, shown) => {
  expect(unlinked(prompt)).toBe(shown);
});

test.each(['@@/etc/shadow', '@ @/a', '(@/a)@/b', '@a@/b', '@`@/a', '``@/a', '@.@/a', '\n@/a\n@@@/b'])(
  'no odd spelling, such as %j, leaves a name for OpenCode',
  (prompt) => {
    expect(linkedFiles(unlinked(prompt)).filter((file) => file !== '')).toEqual([]);
  },
);

test('a template takes what is written behind its command', () => {
  expect(filled('Do $ARGUMENTS', 'this $1 thing')).toBe('Do this $1 thing');
  expect(filled('$2 of $1', 'a "b c" d')).toBe('b c d of a');
  expect(filled('$1 and $3', 'a')).toBe('a and ');
  expect(filled('Nothing', 'a b')).toBe('Nothing\n\na b');
  expect(filled('Nothing', '')).toBe('Nothing');
  expect(filled('See !`git log`', '')).toBe('See (run `git log` with bash, and put what it prints here)');
});

test('what is written behind a command is no template itself', () => {
  expect(filled('Do $ARGUMENTS', 'x !`rm y`')).toBe('Do x !`rm y`');
});

test('a command is a name in folders, and never leads out of them', () => {
  expect(calledCommand('/git/tidy  the attic ')).toEqual({ name: 'git/tidy', given: 'the attic' });
  expect(calledCommand('/a:b.c')).toEqual({ name: 'a:b.c', given: '' });
  for (const text of ['/../x', '/a/../b', '//a', '/a/', 'say /a', '/', '/a..b']) expect(calledCommand(text)).toBeNull();
});

test('front matter is read as far as plain texts go', () => {
  const text = '---\nname: "a: b"\ndescription: >-\n  one\n  two\nmodel: x\n---\nBody\n---\n';

  expect(frontMatter(text)).toEqual({
    fields: { name: 'a: b', description: 'one two', model: 'x' },
    body: 'Body\n---\n',
  });
  expect(frontMatter('Body')).toEqual({ fields: {}, body: 'Body' });
});

test('settings may have comments and a comma too many', () => {
  const text = '{\n // "a": 1,\n "b": "// no comment, ]", /* c */ "d": [1, 2, ],\n}';

  expect(looseJson(text)).toEqual({ b: '// no comment, ]', d: [1, 2] });
  expect(looseJson('{ broken')).toBeUndefined();
});
