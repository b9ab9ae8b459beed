import { expect, test } from 'vitest';
import { unifiedDiff } from '../../host-agent/hands/tools/editing/unified-diff.ts';
import { applyHunks } from '../../host-agent/hands/tools/patching/apply.ts';
import { parsePatch } from '../../host-agent/hands/tools/patching/parse.ts';
import { randomFrom } from '../support/random.ts';

const patch = (...lines: string[]): string => ['*** Begin Patch', ...lines, '*** End Patch'].join('\n');

/** A text after the one update in a patch. */
const updated = (text: string, ...lines: string[]): string => {
  const [first] = parsePatch(patch('*** Update File: f', ...lines));
  if (first?.kind !== 'update') throw new Error('no update');
  return applyHunks(text, first.hunks, 'f', true);
};

test('every kind of change is read, with names that have spaces', () => {
  const patches = parsePatch(
    patch(
      '*** Add File: a new.txt',
      '+one',
      '+',
      '*** Delete File: old.txt',
      '*** Update File: x.ts',
      '*** Move to: y.ts',
      '@@ class A',
      ' keep',
      '-old',
      '+new',
    ),
  );

  expect(patches).toEqual([
    { kind: 'add', path: 'a new.txt', text: 'one\n\n' },
    { kind: 'delete', path: 'old.txt' },
    {
      kind: 'update',
      path: 'x.ts',
      to: 'y.ts',
      hunks: [{ context: ['class A'], old: ['keep', 'old'], fresh: ['keep', 'new'], isAtEnd: false }],
    },
  ]);
});

test('what a model puts around a patch does not matter', () => {
  const inner = patch('*** Add File: a', '+one');

  expect(parsePatch(`apply_patch <<'EOF'\n${inner}\nEOF\n`)).toHaveLength(1);
  expect(parsePatch(`\`\`\`\n${inner.replaceAll('\n', '\r\n')}\r\n\`\`\``)).toEqual(parsePatch(inner));
});

test.each([
  ['hello', 'the line "*** Begin Patch" is missing'],
  ['*** Begin Patch\n*** Add File: a\n+x', 'Was it cut off?'],
  [patch(), 'The patch is empty'],
  [patch('*** Add File: a', '+x', 'y'), 'Line 4 of the patch: each line of a file that is added begins with +'],
  [patch('*** Update File: a', '@@', 'y'), 'Line 4 of the patch: a line begins with a space'],
  [patch('*** Update File: a'), 'nothing is changed in a'],
  [patch('+x'), 'Line 2 of the patch: "+x" is no header'],
  [patch('*** Delete File:'), 'the header names no file'],
])('what is no patch is refused with the place: %j', (text, reason) => {
  expect(() => parsePatch(text)).toThrow(reason);
});

test('places are found in their order, also where the same lines come twice', () => {
  const text = 'a\nx\nb\nx\n';

  expect(updated(text, '@@', ' a', '-x', '+1', '@@', '-x', '+2')).toBe('a\n1\nb\n2\n');
  expect(updated(text, '@@ b', '-x', '+2')).toBe('a\nx\nb\n2\n');
  expect(updated(text, '@@', '-x', '+end', '*** End of File')).toBe('a\nx\nb\nend\n');
});

test('a function named by a part of its line, and one inside of another, are found', () => {
  const text = 'class A:\n  def run(self):\n    pass\nclass B:\n  def run(self):\n    pass\n';

  expect(updated(text, '@@ class B', '@@ def run(', '-    pass', '+    go()')).toBe(text.replace(/pass\n$/, 'go()\n'));
});

test('white space and typographic signs do not matter, and lines that stay keep what the file has', () => {
  expect(updated('\tif a:\n\t\tsay(\u201Chi\u201D)\nb\n', '@@', ' if a:', '   say("hi")', '-b', '+c')).toBe(
    '\tif a:\n\t\tsay(\u201Chi\u201D)\nc\n',
  );
});

test('lines that only come go to the end, or behind the line that was named', () => {
  expect(updated('a\nb\n', '@@', '+c')).toBe('a\nb\nc\n');
  expect(updated('a\nb', '@@', '+c')).toBe('a\nb\nc');
  expect(updated('a\nb\n', '@@ a', '+between')).toBe('a\nbetween\nb\n');
  expect(updated('', '@@', '+first')).toBe('first\n');
});

test('line ends stay as they are, and so does a last line without one', () => {
  expect(updated('a\r\nb\r\nc', '@@', ' a', '-b', '+x', '+y', ' c')).toBe('a\r\nx\r\ny\r\nc');
  expect(updated('a\nb', '@@', ' a', '-b', '+c')).toBe('a\nc');
});

test('an empty line of a model stands for one with a space', () => {
  expect(updated('a\n\nb\n', '@@', ' a', '', '-b', '+c')).toBe('a\n\nc\n');
});

test('lines that are nowhere are told with those most like them, and out of order is said', () => {
  expect(() => updated('alpha beta gamma\n', '@@', '-alpha beta gamme', '+x')).toThrow('1: alpha beta gamma');
  expect(() => updated('a one\nb two\n', '@@', '-b two', '+x', '@@', '-a one', '+y')).toThrow('further above');
  expect(() => updated('a\n', '@@ function gone()', '+x')).toThrow('"function gone()" behind @@ is not in');
});

test('a diff between any two texts, written as a patch, leads from one to the other', () => {
  const random = randomFrom(7);
  for (let round = 0; round < 300; round++) {
    const old = Array.from({ length: 1 + random(40) }, (_, index) => `line ${index}`);
    const fresh = old.flatMap((line, index) => {
      const what = random(8);
      if (what === 0) return [];
      if (what === 1) return [line, `new ${round} ${index}`];
      return [what === 2 ? `other ${index}` : line];
    });
    const [lineEnd, end] = [random(2) === 0 ? '\n' : '\r\n', random(2) === 0];
    const written = (lines: string[]) => lines.join(lineEnd) + (end && lines.length > 0 ? lineEnd : '');
    // What a model writes has one kind of line ends, and never says that the last one is missing.
    const whole = (lines: string[]) => lines.map((line) => `${line}\n`).join('');
    const body = unifiedDiff('f', 'f', whole(old), whole(fresh)).text.split('\n').slice(2, -1);
    if (body.length === 0 || fresh.length === 0) continue;

    const after = updated(written(old), ...body);

    // Where the last line goes, so does what was or was not behind it.
    expect(after.replace(/\r?\n$/, '')).toBe(fresh.join(lineEnd));
    if (old.at(-1) === fresh.at(-1)) expect(after).toBe(written(fresh));
  }
});
