import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import {
  checkedOutcome,
  fromActor,
  maxLiveChars,
  parseFromActor,
  toActor,
} from '../../host-agent/hands/actor/frames.ts';
import { eachLine } from '../../host-agent/hands/actor/lines.ts';
import { maxViewBytes } from '../../host-agent/hands/call/view.ts';

/** What comes of pieces that are written one after the other, where a line has at most `maxBytes`. */
const linesOf = async (pieces: readonly (string | Buffer)[], maxBytes = 1_000) => {
  const stream = new PassThrough();
  const lines: string[] = [];
  let tooLong = 0;
  eachLine(stream, maxBytes, { onLine: (line) => lines.push(line), onTooLong: () => tooLong++ });
  for (const piece of pieces) {
    stream.write(piece);
    await new Promise(setImmediate);
  }
  return { lines, tooLong };
};

test('a line is one however its bytes come, also where a character is cut', async () => {
  const text = 'one\n\ntwo ü€𝄞\nthree\n';
  const bytes = Buffer.from(text);

  for (const size of [1, 2, 3, 5, 7, 100]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    expect(await linesOf(pieces)).toEqual({ lines: ['one', '', 'two ü€𝄞', 'three'], tooLong: 0 });
  }
});

test('what follows the last newline is no line', async () => {
  expect(await linesOf(['one\ntw'])).toEqual({ lines: ['one'], tooLong: 0 });
});

test('a line of the longest length is taken, and one byte more ends the reading, also in pieces', async () => {
  const longest = 'x'.repeat(1_000);

  expect(await linesOf([`${longest}\n`])).toEqual({ lines: [longest], tooLong: 0 });
  expect(await linesOf([`${longest}x\n`, 'later\n'])).toEqual({ lines: [], tooLong: 1 });
  expect(await linesOf([longest, 'x', 'x', 'later\n'])).toEqual({ lines: [], tooLong: 1 });
  expect(await linesOf([`first\n${longest}x`])).toEqual({ lines: ['first'], tooLong: 1 });
});

test('a long line that comes in many pieces is put together, and the next one is not part of it', async () => {
  const piece = 'y'.repeat(70_000);

  const { lines } = await linesOf([piece, piece, `${piece}\nnext\n`, 'last\n'], 1_000_000);

  expect(lines.map((line) => line.length)).toEqual([210_000, 4, 4]);
});

test('frames are read back as they were said', () => {
  const work = { tool: 'say', args: { a: [1] }, directory: '/a', session: 's', call: 'c', agent: 'build', granted: [] };
  const call = { type: 'call', id: 1, work };

  expect(toActor.parse(JSON.parse(JSON.stringify(call)))).toEqual(call);
  expect(parseFromActor('{"type":"live","id":2,"text":"a"}')).toEqual({ type: 'live', id: 2, text: 'a' });
});

test.each([
  ['no JSON', '{"type":"live"'],
  ['another type', '{"type":"call","id":1}'],
  ['an id that is no number', '{"type":"outcome","id":"1","outcome":{}}'],
  ['an id below one', '{"type":"live","id":0,"text":""}'],
  ['a list', '[]'],
  ['nothing', ''],
  ['a text that is too long', JSON.stringify({ type: 'live', id: 1, text: 'x'.repeat(maxLiveChars + 1) })],
])('a line of an actor that is %s is none', (_, line) => {
  expect(parseFromActor(line)).toBeUndefined();
});

const view = { kind: 'read', path: 'a', firstLine: 1, lastLine: 1, totalLines: 1, bytes: 1 };
const done = { kind: 'done', title: 'a', text: 'b', view };

test('an outcome keeps what belongs to it and nothing else', () => {
  const { outcome } = fromActor.options[1].parse({ type: 'outcome', id: 1, outcome: { ...done, granted: true } });

  expect(checkedOutcome(outcome)).toEqual(done);
});

test.each([
  ['of another kind', { kind: 'granted' }],
  ['without a view', { kind: 'done', title: 'a', text: 'b' }],
  ['with a view that is too large', { ...done, view: { ...view, path: 'x'.repeat(maxViewBytes) } }],
  ['with a text that is too long', { ...done, text: 'x'.repeat(300_000) }],
  ['with details that are too large', { ...done, metadata: { a: 'x'.repeat(300_000) } }],
  ['with an image that is a page', { ...done, images: [{ mime: 'text/html', base64: 'YQ==' }] }],
  ['with an image that is not base64', { ...done, images: [{ mime: 'image/png', base64: '"><script>' }] }],
  ['that asks for nothing', { kind: 'asks', asks: [] }],
  [
    'that asks for what there is not',
    { kind: 'asks', asks: [{ permission: 'root', patterns: [], always: [], metadata: {} }] },
  ],
  ['that fails at length', { kind: 'failed', text: 'x'.repeat(300_000) }],
])('an outcome %s is none', (_, said) => {
  expect(checkedOutcome(said)).toBeUndefined();
});
