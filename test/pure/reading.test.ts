import { expect, test } from 'vitest';
import { Reading, readAtOnce, readEverySecond } from '../../worker/reading.ts';

const piece = readEverySecond / 1000;

test('what people look at is read as fast as it goes, and what comes after that by the pace', () => {
  const reading = new Reading();
  expect(reading.waitMs('ada', readAtOnce, 0)).toBe(0);
  expect([1, 2, 3].map(() => reading.waitMs('ada', piece, 0))).toEqual([1, 2, 3]);
});

test('nobody waits for what somebody else has read', () => {
  const reading = new Reading();
  reading.waitMs('mallory', 10 * readAtOnce, 0);
  expect(reading.waitMs('ada', readAtOnce, 0)).toBe(0);
});

test('who has waited may read as much at once again, and never more', () => {
  const reading = new Reading();
  reading.waitMs('ada', readAtOnce, 0);
  const later = 24 * 60 * 60_000;
  expect(reading.waitMs('ada', readAtOnce, later)).toBe(0);
  expect(reading.waitMs('ada', piece, later)).toBe(1);
});
