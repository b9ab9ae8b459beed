import { expect, test } from 'vitest';
import { type Ask, ask, notGranted } from '../../host-agent/hands/call/outcome.ts';
import { Refused, sentenceOf } from '../../host-agent/hands/call/refused.ts';
import { maxViewBytes, type View, view } from '../../host-agent/hands/call/view.ts';
import { declaredTools } from '../../host-agent/hands/declared/all.ts';
import { declaredProject } from '../../host-agent/hands/declared/project.ts';
import { tools } from '../../host-agent/hands/tools/all.ts';
import { fitOutput } from '../../host-agent/hands/tools/fit-output.ts';
import { fitView } from '../../host-agent/hands/tools/fit-view.ts';
import { looksCutOff } from '../../host-agent/hands/tools/looks-cut-off.ts';
import { isSameState, seenFiles } from '../../host-agent/hands/tools/seen-files.ts';

/** Signs that take six bytes each as JSON. */
const huge = '\u0001'.repeat(100_000);
const many = Array.from({ length: 1_000 }, () => huge.slice(0, 500));

const hostile: View[] = [
  {
    kind: 'shell',
    command: huge,
    directory: huge,
    exitCode: 0,
    tail: huge,
    isCut: false,
    background: huge,
    signal: huge,
  },
  {
    kind: 'edit',
    files: many.map((path) => ({ path, change: 'moved', to: path, addedLines: 1, removedLines: 1 })),
    diff: huge,
    isCut: false,
  },
  { kind: 'read', path: huge, firstLine: 1, lastLine: 2, totalLines: null, bytes: 3 },
  { kind: 'search', pattern: huge, path: huge, matches: 1, files: many, isCut: false },
  { kind: 'tree', path: huge, entries: 1, names: many, isCut: false },
  { kind: 'image', path: huge, mime: 'image/png', bytes: 1 },
  { kind: 'fetch', url: huge, status: 200, mime: huge, bytes: 1, title: huge },
];

test.each(hostile)('a view of $kind is small, whatever it is made of, and still one', (given) => {
  const fitted = fitView(given);

  expect(Buffer.byteLength(JSON.stringify(fitted))).toBeLessThanOrEqual(maxViewBytes);
  expect(view.safeParse(fitted).success).toBe(true);
  expect(fitted.kind).toBe(given.kind);
});

test('a small view stays as it is', () => {
  const given: View = { kind: 'tree', path: '.', entries: 1, names: ['a'], isCut: false };

  expect(fitView(given)).toEqual(given);
});

test('output that is too long is kept, and where is said', async () => {
  const text = Array.from({ length: 3_000 }, (_, index) => `line ${index}`).join('\n');
  const kept: string[] = [];
  const keep = async (name: string, all: string) => {
    kept.push(all);
    return `/mission/temp/${name}`;
  };

  const shown = await fitOutput({ keep }, 'out.txt', text);

  expect(kept).toEqual([text]);
  expect(shown).toContain('line 1949\n\n(1050 more lines are not shown: all of it is in /mission/temp/out.txt.');
  expect(await fitOutput({ keep }, 'out.txt', 'short')).toBe('short');
});

test('every tool is declared, to models or to the plug-in alone, and every declaration runs', () => {
  const declared = [...declaredTools, ...declaredProject];
  expect(tools.map(({ name }) => name).sort()).toEqual(declared.map(({ name }) => name).sort());
});

test('what was granted covers the same permission with the same patterns, and nothing else', () => {
  const wanted: Ask = { permission: 'edit', patterns: ['a', 'b'], always: ['*'], metadata: {} };
  const granted = (permission: Ask['permission'], ...patterns: string[]): Ask => ({ ...wanted, permission, patterns });

  expect(notGranted([wanted], [granted('edit', 'a'), granted('edit', 'b')])).toEqual([]);
  expect(notGranted([wanted], [granted('edit', 'a'), granted('read', 'b')])).toEqual([wanted]);
  expect(notGranted([wanted], [granted('edit', '*')])).toEqual([wanted]);
  expect(ask.safeParse({ ...wanted, permission: 'workspace_read_file' }).success).toBe(true);
  expect(ask.safeParse({ ...wanted, permission: 'anything' }).success).toBe(false);
});

test('a session remembers the files that it saw last', () => {
  const seen = seenFiles(2);
  const state = (hash: string) => ({ hash, mtimeMs: 1, size: 1 });
  seen.note('a', state('1'));
  seen.note('b', state('2'));
  seen.note('a', state('3'));
  seen.note('c', state('4'));

  expect([seen.of('a'), seen.of('b'), seen.of('c')]).toEqual([state('3'), null, state('4')]);
  seen.forget('a');
  expect(seen.of('a')).toBeNull();
  expect(isSameState({ hash: '', mtimeMs: 1, size: 2 }, { hash: 'x', mtimeMs: 2, size: 2 })).toBe(false);
});

test('what the file system says is told in words, and a bug is not', () => {
  const error = (code: string) => Object.assign(new Error(code), { code, path: '/a' });

  for (const code of ['EACCES', 'ENOSPC', 'EROFS', 'ENAMETOOLONG', 'EMFILE', 'EIO', 'ENOTDIR', 'EISDIR', 'ENOENT'])
    expect(sentenceOf(error(code))).toMatch(/^[A-Z/].*\.$/);
  expect(sentenceOf(new Refused('Do this.'))).toBe('Do this.');
  expect(sentenceOf(new TypeError('x is undefined'))).toBeNull();
});

test.each([
  ['a.ts', 'f();\n// ... rest of the file', 'its last line stands for'],
  ['a.py', 'x = 1\n# ...', 'it ends with'],
  ['a.ts', 'const a = {', 'it ends in the middle'],
  ['a.json', '{"a": [1, 2', 'no valid JSON'],
  ['a.md', '# A\n```ts\nx\n', 'has no end'],
])('%s with %j is warned of', (path, content, warning) => {
  expect(looksCutOff(path, content).join()).toContain(warning);
});

test.each([
  ['a.ts', 'const a = 1;\n'],
  ['a.json', '// settings\n{"a": [1, 2,],}\n'],
  ['a.txt', 'and so on...'],
  ['empty', ''],
])('%s with %j is not', (path, content) => {
  expect(looksCutOff(path, content)).toEqual([]);
});
