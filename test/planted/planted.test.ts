import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Build } from '../faults/copied-build.ts';
import { bugs } from './bugs.ts';
import { plantedBuild } from './planted-build.ts';

let shipped: Build;

beforeAll(async () => {
  shipped = await plantedBuild([]);
});
afterAll(() => shipped?.remove());

test.each(bugs)('seen: $name', async ({ planted, proof, symptom }) => {
  await proof(shipped);

  const broken = await plantedBuild(planted);
  try {
    await expect(proof(broken)).rejects.toThrow(symptom);
  } finally {
    broken.remove();
  }
});

test('a bug that can not be planted is an error, not a proof', async () => {
  const nowhere = { file: 'shared/append.ts', from: 'this stands nowhere', to: '' };

  await expect(plantedBuild([nowhere])).rejects.toThrow('stands 0 times');
});
