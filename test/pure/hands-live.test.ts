import { expect, test } from 'vitest';
import { createLive, type NewEvent } from '../../host-agent/hands/live.ts';

const ofCall = (owner: string) => ({ at: 1, owner, mission: 'm', session: 's', message: 'g', call: 'c' });
const output = (owner: string, text: string): NewEvent => ({ type: 'output', ...ofCall(owner), text });
const ended = (owner: string): NewEvent => ({ type: 'ended', ...ofCall(owner), how: 'done', title: 'a' });

/** Everything that a reader gets that has all up to `after`. */
const read = (live: ReturnType<typeof createLive>, after: number) => {
  const numbers: number[] = [];
  for (let at = after; ; ) {
    const next = live.after(at);
    if (!next) return { numbers, lost: live.after(after)?.lost ?? [] };
    at = next.event.number;
    numbers.push(at);
  }
};

test('events of several owners are read in their order, from any number on', () => {
  const live = createLive();
  for (const owner of ['ada', 'bob', 'ada']) live.add(output(owner, 'text'));
  live.add(ended('bob'));

  expect(read(live, 0)).toEqual({ numbers: [1, 2, 3, 4], lost: [] });
  expect(read(live, 2).numbers).toEqual([3, 4]);
  expect(live.after(4)).toBeUndefined();
});

test('output beyond what is kept pushes out older output of its owner, and no result', () => {
  const live = createLive();
  live.add(output('bob', 'of bob'));
  live.add(ended('ada'));
  for (let count = 0; count < 1_000; count++) live.add(output('ada', 'x'.repeat(1_000)));

  const { numbers, lost } = read(live, 0);
  expect(numbers.slice(0, 2)).toEqual([1, 2]);
  expect(numbers.length).toBeLessThan(200);
  expect(numbers.at(-1)).toBe(1_002);
  expect(lost).toEqual([{ owner: 'ada', upTo: (numbers[2] ?? 0) - 1 }]);
  // Who has read so far has lost nothing.
  expect(live.after((numbers[2] ?? 0) - 1)?.lost).toEqual([]);
});

test('of an owner too many nothing is kept, and that is said', () => {
  const live = createLive();
  for (let count = 0; count < 40; count++) live.add(output(`owner ${count}`, 'text'));

  expect(read(live, 0)).toEqual({
    numbers: Array.from({ length: 32 }, (_, at) => at + 9),
    lost: [{ owner: null, upTo: 8 }],
  });
});

test('a listener hears of each event until it does not want to', () => {
  const live = createLive();
  let heard = 0;
  const end = live.onEvent(() => heard++);
  live.add(output('ada', 'a'));
  end();
  live.add(output('ada', 'b'));

  expect(heard).toBe(1);
});
