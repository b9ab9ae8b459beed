import { expect, test } from 'vitest';
import { Attempts, waitMs, withOneMore } from '../../worker/attempts.ts';

const pace = { burst: 3, everyMs: 1_000 };

/** Tries at these times; out: which of them were let in. */
const tried = (times: readonly number[]): number[] => {
  let clearAt = 0;
  return times.filter((now) => {
    const allowed = waitMs(clearAt, now, pace) === 0;
    if (allowed) clearAt = withOneMore(clearAt, now, pace);
    return allowed;
  });
};

test('a burst is let in at once, and one more each time the pace allows it', () => {
  expect(tried([0, 0, 0, 0, 999, 1_000, 1_000, 2_500, 2_900, 3_000])).toEqual([0, 0, 0, 1_000, 2_500, 3_000]);
});

test('after the whole time a new burst is let in, and never a larger one', () => {
  expect(tried([0, 0, 0, 3_000, 3_000, 3_000, 3_000, 90_000, 90_000, 90_000, 90_000])).toEqual([
    0, 0, 0, 3_000, 3_000, 3_000, 90_000, 90_000, 90_000,
  ]);
});

test('what crosses the limit at the same time puts nothing off for longer than one more', () => {
  let clearAt = 0;
  for (let n = 0; n < 50; n += 1) clearAt = withOneMore(clearAt, 0, pace);

  expect([waitMs(clearAt, 0, pace), waitMs(clearAt, 1_001, pace)]).toEqual([1_001, 0]);
});

test('an isolate remembers the newest names, and no more of them than it has room for', () => {
  const attempts = new Attempts();
  for (let n = 0; n < 5_000; n += 1) attempts.note(`name ${n}`, n);

  expect([attempts.clearAt('name 10'), attempts.clearAt('name 4999')]).toEqual([0, 4_999]);
});
