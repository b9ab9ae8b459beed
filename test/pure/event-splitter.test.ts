import { expect, test } from 'vitest';
import { eventSplitter } from '../../host-agent/opencode/api/stream.ts';

const cut = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));

test.each([1, 2, 3, 7, 1_000])('events come whole, however the stream is cut (pieces of %d characters)', (size) => {
  const sent = ['{"a":1}', '{"text":"two\\nlines, and data: in it"}', '{"text":"💥 \u2028"}'];
  const text = sent.map((data) => `data: ${data}\n\n`).join(': a comment\n\nunknown: field\n\n');
  const split = eventSplitter();

  expect(cut(`${text}data: {"not yet"`, size).flatMap(split)).toEqual(sent);
});

test('an event of a tool that printed twenty megabytes is put together without reading its beginning again and again', () => {
  const data = JSON.stringify('x'.repeat(20_000_000));
  const split = eventSplitter();

  expect(cut(`data: ${data}\n\n`, 16_384).flatMap(split)).toEqual([data]);
});

test('what never ends as an event is an error, and not kept for ever', () => {
  const split = eventSplitter();
  const megabyte = 'x'.repeat(1024 * 1024);

  expect(() => {
    split('data: ');
    for (let count = 0; count <= 64; count++) split(megabyte);
  }).toThrow('an event of more than');
});
