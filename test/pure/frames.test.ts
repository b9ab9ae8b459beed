// Deltas of a frame are looked at by hand; that this takes what their schema takes, and nothing else.
import { expect, test } from 'vitest';
import * as z from 'zod';
import { delta, deltas, parseHostFrame } from '../../shared/frames.ts';
import { closeCode } from '../../shared/limits.ts';
import { randomFrom } from '../support/random.ts';

const schema = z.array(delta).max(10_000);
const fine = { mission: '11111111-1111-4111-8111-111111111111', part: 'prt_1', off: 3, text: 'token ' };
const odd: unknown[] = [
  ...['', 'p', ' 11111111-1111-4111-8111-111111111111', '11111111-1111-4111-8111-111111111111\n', 'ÅÄÖ', '3'],
  ...['11111111-1111-4111-8111-11111111111A', '11111111-1111-4111-8111-1111111111111'],
  ...[0, -0, -1, 1.5, 2 ** 53 - 1, 2 ** 53, 1e300, null, undefined, true, [], ['p'], {}, { length: 1 }, [fine], fine],
];

test('deltas are taken just where their schema takes them', () => {
  const random = randomFrom(12);
  const draw = (): unknown => odd[random(odd.length)];
  const altered = (): unknown => {
    const entries: [string, unknown][] = Object.entries(fine);
    const at = random(entries.length + 3);
    if (at > entries.length) return fine;
    if (at === entries.length) return random(2) === 0 ? draw() : { ...fine, more: draw() };
    if (random(4) === 0) entries.splice(at, 1);
    else entries[at] = [entries[at]?.[0] ?? '', draw()];
    return Object.fromEntries(entries);
  };
  const tally = { taken: 0, refused: 0 };
  for (let round = 0; round < 5_000; round++) {
    const list = random(10) === 0 ? draw() : Array.from({ length: random(4) }, altered);
    const is = deltas.safeParse(list).success;
    expect(is, JSON.stringify(list)).toBe(schema.safeParse(list).success);
    tally[is ? 'taken' : 'refused'] += 1;
  }
  for (const length of [10_000, 10_001])
    expect(deltas.safeParse(Array.from({ length }, () => fine)).success).toBe(length === 10_000);
  expect(Math.min(tally.taken, tally.refused)).toBeGreaterThan(1_000);
});

test('a host is told which of its deltas is none, and why', () => {
  const frame = (list: unknown) => JSON.stringify({ type: 'batch', run: 'r', from: 1, items: [], deltas: list });

  expect(parseHostFrame(frame([fine, { ...fine, off: -1 }]))).toMatchObject({
    ok: false,
    code: closeCode.badFrame,
    reason: expect.stringMatching(/^bad frame: deltas 1\.off Too small/),
  });
  expect(parseHostFrame(frame(undefined))).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/deltas Invalid/),
  });
});
