import { expect, test } from 'vitest';
import { doubled, spread } from '../../shared/backoff.ts';

test('a wait doubles with each failure up to the longest, however many there are', () => {
  expect([0, 1, 2, 3, 60, 5_000].map((failures) => doubled(200, 1_000, failures))).toEqual([
    200, 400, 800, 1_000, 1_000, 1_000,
  ]);
});

test('a spread wait is between half of it and the whole', () => {
  const waits = Array.from({ length: 200 }, () => spread(1_000));

  expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...waits)).toBeLessThan(1_000);
  expect(new Set(waits).size).toBeGreaterThan(1);
});
