import { expect, test } from 'vitest';
import { type Edit, replaceIn } from '../../host-agent/hands/tools/editing/replace.ts';
import { randomFrom } from '../support/random.ts';

const edit = (oldString: string, newString: string, replaceAll = false): Edit => ({ oldString, newString, replaceAll });
const replaced = (text: string, ...edits: Edit[]) => replaceIn(text, edits, { mayQuote: true });
const refusal = (text: string, ...edits: Edit[]): string => {
  try {
    replaceIn(text, edits, { mayQuote: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'done';
};

test('the exact text is replaced, and nothing is said of how it was found', () => {
  const { text, places, notes } = replaced('let a = 1;\nlet b = 2;\n', edit('a = 1', 'a = $& 3'));

  expect({ text, places, notes }).toEqual({ text: 'let a = $& 3;\nlet b = 2;\n', places: 1, notes: [] });
});

test('a text in several places is only replaced where all of them are meant, else the places are said', () => {
  const source = 'x\ny\nx\n';

  expect(replaced(source, edit('x', 'z', true)).text).toBe('z\ny\nz\n');
  expect(refusal(source, edit('x', 'z'))).toContain('2 places, at line 1, 3');
});

test.each([
  ['white space at the ends of lines', 'if (a) {  \n\tb();\t\n}\n', 'if (a) {\n\tb();\n}\n', 'c();\n', 'c();\n'],
  ['tabs for spaces', 'a {\n\tb;\n}\n', 'a {\n    b;\n}', 'd', 'd\n'],
  ['several spaces in a line', 'let  x   =  1;\n', 'let x = 1;', 'let y = 2;', 'let y = 2;\n'],
  ['words across lines', 'call(one,\n     two);\n', 'call(one, two);', 'call();', 'call();\n'],
  ['typographic signs', 'say("it\u2019s \u2026");\n', 'say("it\'s ...");', 'say();', 'say();\n'],
  ['signs written as escapes', 'a\n\tb\n', 'a\\n\\tb', 'c', 'c\n'],
  ['escapes that the file has', 'print("a\\tb")\n', 'print("a\tb")', 'print()', 'print()\n'],
  ['empty lines around it', 'one\ntwo\nthree\n', '\n\ntwo\n\n', '\n\nzwei\n\n', 'one\nzwei\nthree\n'],
])('%s do not matter, and the model is told', (_, source, wanted, fresh, after) => {
  const { text, notes } = replaced(source, edit(wanted, fresh));

  expect(text).toBe(after);
  expect(notes).toHaveLength(1);
});

test('a block that was quoted without its indentation gets it in what replaces it', () => {
  const source = 'class A {\n    run() {\n        go();\n    }\n}\n';

  const { text } = replaced(source, edit('run() {\n    go();\n}', 'run() {\n    stop();\n\n    go();\n}'));

  expect(text).toBe('class A {\n    run() {\n        stop();\n\n        go();\n    }\n}\n');
});

test('a block that was quoted too far to the right is put where it belongs', () => {
  expect(replaced('a:\n  b: 1\n', edit('    a:\n      b: 1', '    a:\n      b: 2')).text).toBe('a:\n  b: 2\n');
});

test('a block is found by its first and last line when those between are nearly right', () => {
  const source = 'function f() {\n  const total = add(one, two);\n  return total;\n}\nend\n';

  const { text, notes } = replaced(
    source,
    edit('function f() {\n  const total = add(one, too);\n  return totals;\n}', 'gone'),
  );

  expect(text).toBe('gone\nend\n');
  expect(notes[0]).toContain('first and last line');
});

test('a block whose lines between are others is not found by its first and last line', () => {
  const source = 'function f() {\n  completely();\n  different(1, 2, 3);\n}\n';

  expect(refusal(source, edit('function f() {\n  const total = add(one, too);\n  return x;\n}', ''))).toContain(
    'not in the file',
  );
});

test('of two blocks that are equally like the one that is meant, none is taken', () => {
  const block = (sign: string) => `begin here\n  value = ${sign};\nend here\n`;

  expect(refusal(block('1') + block('2'), edit('begin here\n  value = 3;\nend here', ''))).toContain('not in the file');
});

test('a text is not found inside of a longer word', () => {
  expect(refusal('max  = 1\n', edit('x = 1', 'y = 2'))).toContain('not in the file');
});

test('white space alone is only taken exactly', () => {
  expect(refusal('a b\n', edit('\t', ''))).toContain('not in the file');
  expect(replaced('a\t b\n', edit('\t', '')).text).toBe('a b\n');
});

test('where it is not there, the lines most like it are said', () => {
  const source = 'one\nexport const limit = 10;\nthree\n';

  expect(refusal(source, edit('export const limits = 12;', ''))).toContain('2: export const limit = 10;');
  expect(refusal(source, edit('§§§§§§§§', ''))).toContain('No line of it is much like it');
});

test('nothing of a file is quoted that the session has not read', () => {
  expect(() => replaceIn('password = 1\n', [edit('password = 2', '')], { mayQuote: false })).toThrow('Read it first');
});

test('several edits are done in order, all or none', () => {
  const source = 'a\nb\n';

  expect(replaced(source, edit('a', 'b2'), edit('b2\nb', 'c')).text).toBe('c\n');
  expect(refusal(source, edit('a', 'x'), edit('nowhere', 'y'))).toMatch(/^Edit 2 of 2: oldString is not in the file/);
});

test('lines that end with CR LF are found by LF, and what comes ends with CR LF', () => {
  expect(replaced('a\r\nb\r\nc\r\n', edit('a\nb\n', 'x\ny\nz\n')).text).toBe('x\r\ny\r\nz\r\nc\r\n');
});

test('in a file with both line ends only the place changes', () => {
  expect(replaced('a\nb\r\nc\nd\n', edit('c', 'x\ny')).text).toBe('a\nb\r\nx\ny\nd\n');
  expect(replaced('a\r\nb\r\nc\nd\r\n', edit('b', 'x\ny')).text).toBe('a\r\nx\r\ny\r\nc\nd\r\n');
});

test('a file of 20,000 alike lines is answered, not computed for minutes', () => {
  const source = 'begin\n  aaaaaaaaaaaaaaaaaaaa\nend\n'.repeat(7_000);

  expect(refusal(source, edit('begin\n  bbbbbbbbbbbbbbbbbbbb\nend', 'x'))).toContain('not in the file');
});

test('whatever the line ends of a text, an edit changes its place and nothing else', () => {
  const random = randomFrom(3);
  for (let round = 0; round < 500; round++) {
    const lines = Array.from(
      { length: 2 + random(10) },
      (_, index) => `line ${index}${random(2) === 0 ? '\r\n' : '\n'}`,
    );
    const [from, count] = [random(lines.length - 1), 1 + random(2)];
    const place = lines.slice(from, from + count).join('');
    const source = lines.join('');

    const { text } = replaced(source, edit(place.replaceAll('\r\n', '\n'), 'NEW'));

    expect(text).toBe(`${lines.slice(0, from).join('')}NEW${lines.slice(from + count).join('')}`);
  }
});
