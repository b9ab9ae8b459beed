import { expect, test } from 'vitest';
import { countOf, runRounds } from './rounds.ts';
import { planRound } from './schedule.ts';
import { summary } from './summary.ts';

/** Its first three rounds are one of each kind. */
const orders = { seed: 15, rounds: 3, from: 0, faults: Number.POSITIVE_INFINITY, size: 'small' } as const;

test('whatever is cut, frozen or killed, logs and streams have what the model sent, once', async () => {
  const result = await runRounds(orders, console.log);

  expect(result.findings, summary(orders, result)).toEqual([]);
  expect(countOf(result.faults)).toBeGreaterThan(20);
});

test('a seed always draws the same rounds', () => {
  const kinds = Array.from({ length: orders.rounds }, (_, round) => planRound(orders.seed, round, 'small').kind);

  expect(kinds.toSorted()).toEqual(['edge', 'host', 'opencode']);
  expect(planRound(7, 3, 'full')).toEqual(planRound(7, 3, 'full'));
  expect(planRound(7, 3, 'full')).not.toEqual(planRound(7, 4, 'full'));
});
