import { expect, test } from 'vitest';
import { retryEvent, spanText } from '../../host-agent/missions/runner/retry-said.ts';
import { newRecord, type Turn, turnOf } from '../../host-agent/missions/runner/turn.ts';
import { handClock } from '../support/hand-clock.ts';
import { message } from '../support/host-store.ts';

const second = 1_000;
const hour = 3_600 * second;

const turn = (): Turn => {
  const command = message();
  return turnOf(
    { clock: handClock() },
    command,
    newRecord(command, { session: 's', directory: '/', process: 'p' }, 0),
    'build',
    null,
  );
};
const said = (of: Turn, text: string, nextAt: number | null, now = 0): string | null => {
  const event = retryEvent(of, { text, nextAt }, now);
  return event?.type === 'turn.error' ? event.message : null;
};

test.each([
  [0, '1 second'],
  [1_400, '1 second'],
  [12 * second, '12 seconds'],
  [60 * second, '1 minute'],
  [90 * second, '1 minute 30 seconds'],
  [hour - 40, '1 hour'],
  [hour + 25 * 60 * second, '1 hour 25 minutes'],
  [50 * hour, '2 days 2 hours'],
])('%i ms are said as "%s"', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});

test('a pause before a retry is said once, with its length', () => {
  const of = turn();
  expect(said(of, 'Overloaded', 4 * second)).toBe('OpenCode error: Overloaded (it tries again in 4 seconds)');
  expect(said(of, 'Overloaded', 4 * second, second)).toBeNull();
  expect(said(of, 'Overloaded', 12 * second, 4 * second)).toBe(
    'OpenCode error: Overloaded (it tries again in 8 seconds)',
  );
});

test('short pauses of the same error and length are said once in a turn, long ones each', () => {
  const of = turn();
  const all = (wait: number) => [0, 1, 2].map((n) => said(of, 'Overloaded', n * hour + wait, n * hour));

  expect(all(2 * second).filter((text) => text !== null)).toHaveLength(1);
  expect(all(hour)).toEqual(Array(3).fill('OpenCode error: Overloaded (it tries again in 1 hour)'));
});

test('where OpenCode does not say when, nothing is made up', () => {
  expect(said(turn(), 'Overloaded', null)).toBe('OpenCode error: Overloaded (it tries again)');
});
