import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bugs } from '../planted/bugs.ts';
import { checkPlaces } from '../planted/plant.ts';
import { suiteBugs } from '../planted/suite-bugs.ts';

const root = join(import.meta.dirname, '..', '..');

test.each([...bugs, ...suiteBugs])('the planted bug "$name" has exactly one place in the sources', ({ planted }) => {
  expect(() => checkPlaces(root, planted)).not.toThrow();
});
