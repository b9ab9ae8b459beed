import { expect, test } from 'vitest';
import { DeltaBuffer } from '../../host-agent/link/deltas.ts';
import { type Delta, delta as schema } from '../../shared/frames.ts';

const mission = '11111111-1111-4111-8111-111111111111';
const delta = (part: string, off: number, text: string): Delta => schema.parse({ mission, part, off, text });

test('deltas of one part that follow each other become one', () => {
  const deltas = new DeltaBuffer();

  deltas.add(delta('p', 0, 'Hel'), 1);
  deltas.add(delta('q', 0, 'other'), 1);
  deltas.add(delta('p', 3, 'lo'), 1);

  expect(deltas.take(1)).toEqual([delta('p', 0, 'Hello'), delta('q', 0, 'other')]);
  expect(deltas.take(1)).toEqual([]);
});

test('a hole in the text keeps deltas apart', () => {
  const deltas = new DeltaBuffer();

  deltas.add(delta('p', 0, 'a'), 1);
  deltas.add(delta('p', 5, 'b'), 1);

  expect(deltas.take(1)).toEqual([delta('p', 0, 'a'), delta('p', 5, 'b')]);
});

test('a row that was stored between two deltas keeps them apart, so that none straddles a checkpoint', () => {
  const deltas = new DeltaBuffer();

  deltas.add(delta('p', 0, 'before'), 1);
  deltas.add(delta('p', 6, 'after'), 2);

  expect(deltas.take(2)).toEqual([delta('p', 0, 'before'), delta('p', 6, 'after')]);
});

test('a delta waits until the rows before it were sent', () => {
  const deltas = new DeltaBuffer();
  deltas.add(delta('p', 0, 'a'), 4);
  deltas.add(delta('p', 1, 'b'), 6);

  expect(deltas.hasReady(3)).toBe(false);
  expect(deltas.take(3)).toEqual([]);
  expect(deltas.hasReady(4)).toBe(true);
  expect(deltas.take(5)).toEqual([delta('p', 0, 'a')]);
  deltas.add(delta('p', 2, 'c'), 6);
  expect(deltas.take(6)).toEqual([delta('p', 1, 'bc')]);
});

test('over its cap the buffer drops what is old and keeps what is new', () => {
  const deltas = new DeltaBuffer();
  const chunk = 'x'.repeat(1_000);

  for (let index = 0; index < 300; index++) deltas.add(delta('p', index * 1_000, chunk), 1);

  const kept = deltas.take(1);
  const length = kept.reduce((sum, each) => sum + each.text.length, 0);
  expect(length).toBeLessThanOrEqual(256 * 1024);
  const last = kept.at(-1);
  expect((last?.off ?? 0) + (last?.text.length ?? 0)).toBe(300_000);
});

test('what comes out is fit for the wire', () => {
  const deltas = new DeltaBuffer();
  deltas.add(delta('p', 0, 'a'), 1);

  expect(Object.keys(deltas.take(1)[0] ?? {})).toEqual(['mission', 'part', 'off', 'text']);
});
