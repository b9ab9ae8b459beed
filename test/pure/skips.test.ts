import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unless } from '../support/needs.ts';
import { notAllowed, skipsOf } from '../support/skips.ts';

const reason = 'a small disk takes root';

const report = {
  testResults: [
    {
      name: join('/repo', 'test', 'faults', 'disk.test.ts'),
      status: 'passed',
      assertionResults: [
        { ancestorTitles: [unless(reason, 'a small disk')], title: 'fills', status: 'skipped' },
        { ancestorTitles: [], title: 'is quick', status: 'passed' },
        { ancestorTitles: [], title: 'comes later', status: 'todo' },
      ],
    },
    {
      name: join('/repo', 'test', 'e2e', 'mission.test.ts'),
      status: 'failed',
      assertionResults: [{ ancestorTitles: [], title: 'a mission', status: 'pending' }],
    },
  ],
};

test('each test that did not run is named with its reason, whatever a runner calls its state', () => {
  expect(skipsOf(report, '/repo')).toEqual([
    { name: 'test/faults/disk.test.ts > a small disk > fills', reason },
    { name: 'test/faults/disk.test.ts > comes later', reason: 'no reason is given' },
    { name: 'test/e2e/mission.test.ts > a mission', reason: 'its file failed before it' },
  ]);
});

test('a skip is allowed by its name, and nothing else is', () => {
  const skips = skipsOf(report, '/repo');
  const allowed = [
    { name: 'test/faults/disk.test.ts > a small disk > fills', reason: 'containers of our CI have no root' },
  ];

  expect(notAllowed(skips, allowed).map(({ name }) => name)).toEqual([
    'test/faults/disk.test.ts > comes later',
    'test/e2e/mission.test.ts > a mission',
  ]);
});
