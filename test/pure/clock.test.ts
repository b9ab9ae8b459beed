import { expect, test } from 'vitest';
import { type Clock, systemClock, wait } from '../../shared/clock.ts';
import { handClock } from '../support/hand-clock.ts';

/** Notes what is called, in order, with the time at which it was. */
const noted = (clock: Clock) => {
  const calls: string[] = [];
  return { calls, note: (name: string) => () => void calls.push(`${name} at ${clock.steadyMs()}`) };
};

test('what is due runs in the order of time, each at its own moment, also what was set meanwhile', () => {
  const clock = handClock(1_000);
  const { calls, note } = noted(clock);
  clock.after(30, note('late'));
  clock.after(10, () => {
    note('early')();
    clock.after(5, note('set by early'));
    clock.after(500, note('never'));
  });
  clock.every(20, note('again'));
  clock.advance(45);

  expect(calls).toEqual(['early at 10', 'set by early at 15', 'again at 20', 'late at 30', 'again at 40']);
  expect([clock.now(), clock.steadyMs()]).toEqual([1_045, 45]);
});

test('what is taken back never comes, and a jump of the wall clock makes nothing due', () => {
  const clock = handClock(1_000);
  const { calls, note } = noted(clock);
  clock.after(10, note('once'))();
  const cancel = clock.every(10, note('again'));
  clock.after(15, () => cancel());
  clock.jump(-5_000);
  expect([clock.now(), clock.steadyMs(), clock.waits()]).toEqual([-4_000, 0, [10, 15]]);
  clock.advance(100);

  expect(calls).toEqual(['again at 10']);
  expect(clock.waits()).toEqual([]);
});

test('a test learns that somebody waits, before or after it asked', async () => {
  const clock = handClock();
  const coming = clock.awaited(250);
  clock.after(10, () => clock.after(250, () => undefined));
  clock.advance(10);
  await coming;
  await clock.awaited(250);

  expect(clock.waits()).toEqual([250]);
});

const byHand = handClock();
const clocks: [string, Clock, () => void][] = [
  ['the system clock', systemClock, () => undefined],
  ['a clock moved by hand', byHand, () => byHand.advance(1)],
];

test.for(clocks)(
  'a wait on %s ends when its time has come, or at once with the reason it is aborted for',
  async ([, clock, pass]) => {
    const aborting = new AbortController();
    const aborted = wait(clock, 1e9, aborting.signal);
    const reason = new Error('enough');
    aborting.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(wait(clock, 1e9, aborting.signal)).rejects.toBe(reason);

    const over = wait(clock, 1, new AbortController().signal);
    pass();
    await over;
  },
);

test('the system clock calls once after, again and again every, and not what was taken back', async () => {
  const calls: string[] = [];
  const enough = Promise.withResolvers<void>();
  systemClock.after(1, () => calls.push('taken back'), { keepsAlive: false })();
  systemClock.after(1, () => calls.push('once'));
  const cancel = systemClock.every(2, () => {
    if (calls.push('again') >= 4) enough.resolve();
  });
  await enough.promise;
  cancel();

  expect(calls.toSorted()).toEqual(['again', 'again', 'again', 'once']);
});
