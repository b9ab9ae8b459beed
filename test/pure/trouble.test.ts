import { expect, test } from 'vitest';
import type { Log } from '../../host-agent/process/log.ts';
import { trouble } from '../../host-agent/process/trouble.ts';

/** A log that keeps what is said. */
const kept = (): { log: Log; said: string[] } => {
  const said: string[] = [];
  const note = (level: string) => (event: string) => {
    said.push(`${level} ${event}`);
  };
  const log: Log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    with: () => log,
  };
  return { log, said };
};

test('a failure that repeats waits longer each time, up to a bound, and is logged once', () => {
  const { log, said } = kept();
  const failing = trouble(log, 'turn.end_failed');

  const waits = Array.from({ length: 8 }, () => failing.failed(new Error('the store refuses it')));

  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(said).toEqual(['error turn.end_failed']);
});

test('another reason is logged too, and so is how often it was once it is over; then it begins anew', () => {
  const { log, said } = kept();
  const failing = trouble(log, 'answer.failed');

  failing.failed(new Error('one'));
  failing.failed(new Error('two'), 'warn');
  failing.over();

  expect(failing.failed(new Error('two'))).toBe(1_000);
  expect(said).toEqual(['error answer.failed', 'warn answer.failed', 'info answer.failed_over', 'error answer.failed']);
});
