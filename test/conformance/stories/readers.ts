// That the two apps read a stream as contract §4.1 says, so that what they show here is what people would see.
import { expect, test } from 'vitest';
import { iosFrames } from '../clients/ios-frames.ts';
import { webFrames } from '../clients/web-frames.ts';

type Reader = typeof webFrames;
const read = (reader: Reader, text: string, size: number): [string, Record<string, unknown>][] => {
  const events: [string, Record<string, unknown>][] = [];
  const take = reader((name, data) => events.push([name, data]));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
  return events;
};

test.each([1, 2, 7, 1000])(
  'in pieces of %d bytes both read comments, unknown lines, split data and broken JSON alike',
  (size) => {
    const text =
      ': keepalive\n\nid: 7\nevent: a\ndata: {"n":\ndata: 1}\n\nevent: b\ndata: {broken\n\ndata: {"n":2}\n\nevent: c\ndata: [1]\n\n';
    const events = [
      ['a', { n: 1 }],
      ['message', { n: 2 }],
    ];

    expect(read(webFrames, text, size)).toEqual(events);
    expect(read(iosFrames, text, size)).toEqual(events);
  },
);

test('only the web app takes other line ends and text beyond ASCII', () => {
  const text = 'event: a\r\ndata: {"t":"ü💡"}\r\n\r\nevent: b\rdata: {"t":"x"}\r\r: more\r';

  for (const size of [1, 3, 1000])
    expect(read(webFrames, text, size)).toEqual([
      ['a', { t: 'ü💡' }],
      ['b', { t: 'x' }],
    ]);
  expect(read(iosFrames, text, 1)).toEqual([]);
  expect(read(iosFrames, 'event: a\ndata: {"t":"ü💡"}\n\n', 1)).toEqual([['a', { t: '' }]]);
});
