import { expect, test } from 'vitest';
import { Pacing } from '../../host-agent/link/pacing.ts';

test('the first batch after silence goes at once', () => {
  const pacing = new Pacing(25);

  expect(pacing.waitMs(0)).toBe(0);
  pacing.sent(0);
  expect(pacing.waitMs(1_000)).toBe(0);
});

test('the next batch waits for the rest of the frame', () => {
  const pacing = new Pacing(25);
  pacing.sent(100);

  expect(pacing.waitMs(100)).toBe(25);
  expect(pacing.waitMs(110)).toBe(15);
  expect(pacing.waitMs(125)).toBe(0);
});

test('a steady flow gives one batch per frame', () => {
  const pacing = new Pacing(25);
  let batches = 0;

  for (let now = 0; now < 1_000; now++) {
    if (pacing.waitMs(now) > 0) continue;
    pacing.sent(now);
    batches++;
  }

  expect(batches).toBe(40);
});

test('an edge that asks for no pacing still leaves a pause', () => {
  const pacing = new Pacing(0);
  pacing.sent(10);

  expect(pacing.waitMs(10)).toBe(1);
});
