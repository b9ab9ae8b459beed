import { expect, test } from 'vitest';
import { arrayObjects } from '../../host-agent/opencode/api/row-stream.ts';

const objects = [
  { a: 1 },
  { text: 'brackets ]}[{ and "quotes" and \\ \\" ends\\' },
  { deep: { list: [[{}], '}'] } },
  {},
];

const read = (pieces: readonly string[]) => {
  const found: unknown[] = [];
  const stream = arrayObjects((text) => found.push(JSON.parse(text)));
  for (const piece of pieces) stream.push(piece);
  return { found, isComplete: stream.isComplete() };
};

test('the objects of an array are told apart wherever the text is cut', () => {
  const texts = [JSON.stringify(objects), JSON.stringify(objects, null, 2)];
  for (const text of texts) {
    for (let size = 1; size <= text.length; size++) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
        text.slice(n * size, (n + 1) * size),
      );
      expect(read(pieces)).toEqual({ found: objects, isComplete: true });
    }
  }
});

test('an empty array is whole, and one that ends in the middle is not', () => {
  expect(read(['[]'])).toEqual({ found: [], isComplete: true });
  const text = JSON.stringify(objects);
  for (let end = 0; end < text.length; end++) expect(read([text.slice(0, end)]).isComplete).toBe(false);
});
