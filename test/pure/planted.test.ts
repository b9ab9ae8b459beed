import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bugs } from '../planted/bugs.ts';

const root = join(import.meta.dirname, '..', '..');

test('each bug that is planted has exactly one place in the sources', () => {
  const misplaced = bugs.flatMap(({ name, planted }) =>
    planted
      .filter(({ file, from }) => readFileSync(join(root, file), 'utf8').split(from).length !== 2)
      .map(({ file }) => `${name}: plant it anew in ${file}`),
  );

  expect(misplaced).toEqual([]);
});
