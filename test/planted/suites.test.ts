// Bugs that the suites themselves have to see.
import { beforeAll, expect, test } from 'vitest';
import { suiteBugs } from './suite-bugs.ts';
import { type CaseRun, runCases } from './suite-run.ts';

let shipped: CaseRun[];

beforeAll(async () => {
  shipped = await runCases(
    suiteBugs.map(({ seenBy }) => seenBy),
    [],
  );
});

test.each(suiteBugs)('seen: $name', async ({ planted, seenBy, symptom }) => {
  const isThis = ({ title }: CaseRun): boolean => title.startsWith(seenBy.title);
  expect(shipped.filter(isThis)).toMatchObject([{ failure: null }]);

  const withBug = await runCases([seenBy], planted);

  expect(withBug.filter(isThis)).toMatchObject([{ failure: expect.stringMatching(symptom) }]);
});
