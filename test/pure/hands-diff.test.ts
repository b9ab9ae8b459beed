import { expect, test } from 'vitest';
import { lineDiff } from '../../host-agent/hands/tools/editing/line-diff.ts';
import { unifiedDiff } from '../../host-agent/hands/tools/editing/unified-diff.ts';
import { randomFrom } from '../support/random.ts';

const sides = (stretches: ReturnType<typeof lineDiff>) => ({
  old: stretches.flatMap((each) => (each.kind === 'same' ? each.lines : each.removed)),
  fresh: stretches.flatMap((each) => (each.kind === 'same' ? each.lines : each.added)),
  changed: stretches.reduce(
    (sum, each) => sum + (each.kind === 'same' ? 0 : each.removed.length + each.added.length),
    0,
  ),
});

/** By the table of longest common subsequences: slow, and easy to see right. */
const fewestChanges = (old: readonly string[], fresh: readonly string[]): number => {
  let above = fresh.map((_, index) => index + 1);
  above = [0, ...above];
  old.forEach((line, row) => {
    const next = [row + 1];
    fresh.forEach((other, column) => {
      const kept = line === other ? (above[column] ?? 0) : Number.POSITIVE_INFINITY;
      next.push(Math.min(kept, (above[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    });
    above = next;
  });
  return above.at(-1) ?? 0;
};

test('a diff has both texts in it, and no shorter one exists', () => {
  const random = randomFrom(11);
  const lines = () => Array.from({ length: random(12) }, () => 'abc'[random(3)] ?? '');
  for (let round = 0; round < 500; round++) {
    const [old, fresh] = [lines(), lines()];

    const { changed, ...both } = sides(lineDiff(old, fresh));

    expect(both).toEqual({ old, fresh });
    expect(changed).toBe(fewestChanges(old, fresh));
  }
});

test('texts that have little in common are still told apart exactly', () => {
  const old = Array.from({ length: 5_000 }, (_, index) => `old ${index}`);
  const fresh = Array.from({ length: 5_000 }, (_, index) => (index % 7 === 0 ? `old ${index}` : `new ${index}`));

  const { old: left, fresh: right } = sides(lineDiff(old, fresh));

  expect({ left, right }).toEqual({ left: old, right: fresh });
});

test('a change is shown with three lines around it, and two near each other in one place', () => {
  const old = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`);
  const fresh = old.with(9, 'ten\n').with(14, 'fifteen\n').with(28, 'last but one\n');

  const { text, addedLines, removedLines } = unifiedDiff('a.txt', 'a.txt', old.join(''), fresh.join(''));

  expect(text.split('\n').filter((line) => line.startsWith('@@'))).toEqual(['@@ -7,12 +7,12 @@', '@@ -26,5 +26,5 @@']);
  expect(text).toContain(
    '--- a.txt\n+++ a.txt\n@@ -7,12 +7,12 @@\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n',
  );
  expect({ addedLines, removedLines }).toEqual({ addedLines: 3, removedLines: 3 });
});

test('a new file and one that goes have nothing on the other side', () => {
  expect(unifiedDiff('n', 'n', null, 'a\nb\n').text).toBe('--- /dev/null\n+++ n\n@@ -0,0 +1,2 @@\n+a\n+b\n');
  expect(unifiedDiff('n', 'n', 'a\n', null).text).toBe('--- n\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n');
});

test('a last line without a line end is told from one with it', () => {
  expect(unifiedDiff('n', 'n', 'a', 'a\n').text).toBe(
    '--- n\n+++ n\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n',
  );
  expect(unifiedDiff('n', 'n', 'a\n', 'a\n').text).toBe('');
});
