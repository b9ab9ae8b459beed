import { expect, test } from 'vitest';
import { type Attempts, type Ending, nextDial, noAttempts } from '../../host-agent/link/backoff.ts';
import { linkTimes } from '../../host-agent/link/times.ts';

/** Waits after each of `endings`, with `random` as the luck of every draw. */
const waits = (endings: Ending[], random = 0.999_999): number[] => {
  let attempts: Attempts = noAttempts;
  return endings.map((ending) => {
    const next = nextDial(attempts, ending, linkTimes, random);
    attempts = next.attempts;
    return Math.round(next.waitMs);
  });
};

const lost: Ending = { kind: 'lost', settled: false, upMs: 0 };
const refused: Ending = { kind: 'refused', settled: false, upMs: 0 };
const replaced: Ending = { kind: 'replaced', settled: true, upMs: 60_000 };

test('the longest wait after a loss doubles from half a second to half a minute', () => {
  expect(waits(Array.from({ length: 9 }, () => lost))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test('jitter is full: luck can make any wait after a loss as short as nothing', () => {
  expect(waits([lost, lost, lost], 0)).toEqual([0, 0, 0]);
  expect(waits([lost, lost, lost], 0.5)).toEqual([250, 500, 1_000]);
});

test('a session that proved useful makes the next wait short again, a mere welcome does not', () => {
  expect(waits([lost, lost, { ...lost, upMs: 5 }, lost])).toEqual([500, 1_000, 2_000, 4_000]);
  expect(waits([lost, lost, { ...lost, settled: true }, lost])).toEqual([500, 1_000, 500, 1_000]);
});

test('a refused host goes on asking, ever more slowly', () => {
  expect(waits(Array.from({ length: 7 }, () => refused))).toEqual([
    2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
  ]);
});

test('two clones that replace each other wait longer and longer, however useful their sessions were', () => {
  expect(waits(Array.from({ length: 6 }, () => replaced))).toEqual([
    60_000, 120_000, 240_000, 480_000, 900_000, 900_000,
  ]);
});

test('a host that was alone for long enough is not taken for a fighting clone', () => {
  expect(waits([replaced, replaced, { ...replaced, upMs: 3 * linkTimes.replacedMaxMs }])).toEqual([
    60_000, 120_000, 60_000,
  ]);
});
