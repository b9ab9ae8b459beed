// What running calls print, on its way over the link (host-agent/link/outputs.ts).
import { expect, test } from 'vitest';
import { OutputBuffer } from '../../host-agent/link/outputs.ts';
import { type Output, output as schema } from '../../shared/frames.ts';
import { outputCharsPerSecond, outputFrameChars, outputTailChars } from '../../shared/limits.ts';

const mission = '11111111-1111-4111-8111-111111111111';
const output = (call: string, off: number, text: string): Output => schema.parse({ mission, call, off, text });
const charsOf = (outputs: readonly Output[]): number => outputs.reduce((sum, { text }) => sum + text.length, 0);

test('pieces of a call that follow each other become one, once the rows before it were sent', () => {
  const outputs = new OutputBuffer();
  outputs.add(output('c', 0, 'one\n'), 'ada', 4);
  outputs.add(output('d', 7, 'other'), 'ada', 5);
  outputs.add(output('c', 4, 'two\n'), 'ada', 6);

  expect([outputs.waitMs(3, 0), outputs.take(3, 0)]).toEqual([null, []]);
  expect(outputs.waitMs(4, 0)).toBe(0);
  expect(outputs.take(4, 0)).toEqual([output('c', 0, 'one\ntwo\n')]);
  expect(outputs.take(5, 0)).toEqual([output('d', 7, 'other')]);
  expect(outputs.waitMs(9, 0)).toBeNull();
});

test('of what waits for long the end is kept, and its place says how much is missing', () => {
  const outputs = new OutputBuffer();
  for (let index = 0; index < 100; index++) outputs.add(output('c', index * 1_000, 'x'.repeat(1_000)), 'ada', 1);

  const [piece] = outputs.take(1, 0);
  expect(piece).toMatchObject({ off: 100_000 - outputTailChars });
  expect(piece?.text).toHaveLength(outputTailChars);
});

test('who prints without end is sent so much a second, and others meanwhile all that they print', () => {
  const outputs = new OutputBuffer();
  let [flooded, ofBob] = [0, 0];
  const seconds = 10;
  for (let ms = 0; ms < seconds * 1_000; ms += 5) {
    for (let call = 0; call < 20; call++)
      outputs.add(output(`flood ${call}`, ms * 4_000, 'x'.repeat(16_000)), 'ada', 1);
    outputs.add(output('quiet', ms * 2, 'of bob....'), 'bob', 1);
    const taken = outputs.take(1, ms);
    const quiet = taken.filter(({ call }) => call === 'quiet');
    expect(quiet).toHaveLength(1);
    expect(charsOf(taken)).toBeLessThan(outputFrameChars + outputTailChars);
    ofBob += charsOf(quiet);
    flooded += charsOf(taken) - charsOf(quiet);
  }

  expect(ofBob).toBe(seconds * 200 * 10);
  expect(flooded).toBeGreaterThan(seconds * outputCharsPerSecond * 0.9);
  expect(flooded).toBeLessThan((seconds + 1) * outputCharsPerSecond + outputTailChars);
});

test('what waits because somebody printed too much goes when there is room again', () => {
  const outputs = new OutputBuffer();
  for (let call = 0; call < 6; call++) outputs.add(output(`c${call}`, 0, 'x'.repeat(outputTailChars)), 'ada', 1);
  expect(outputs.take(1, 0)).toHaveLength(4);

  const waitMs = outputs.waitMs(1, 0) ?? 0;
  expect(waitMs).toBeGreaterThan(0);
  expect(outputs.take(1, waitMs).map(({ call }) => call)).toEqual(['c4']);
});

test('what a call printed goes with its result or never', () => {
  const outputs = new OutputBuffer();
  outputs.add(output('c', 0, 'in time'), 'ada', 1);
  outputs.end('c');
  expect(outputs.take(2, 0)).toEqual([output('c', 0, 'in time')]);

  for (let call = 0; call < 5; call++) outputs.add(output(`c${call}`, 0, 'x'.repeat(outputTailChars)), 'ada', 1);
  outputs.end('c4');
  expect(outputs.take(1, 0)).toHaveLength(4);
  expect([outputs.take(9, 60_000), outputs.waitMs(9, 60_000)]).toEqual([[], null]);
});
