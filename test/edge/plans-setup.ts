// After every test of the edge: no query that it caused reads a whole table. An index is missing, or the table is to be
// named as a small one in plans.ts, with the reason.
import { afterEach, expect } from 'vitest';
import { takeScans } from './plans.ts';

afterEach(async () => {
  expect(await takeScans(), 'queries that read a whole table').toEqual([]);
});
