import { onTestFinished } from 'vitest';
import { type D1Illness, sickD1 } from '../support/sick-d1.ts';

/** The D1 of the objects in these tests: the real one, until a test makes it sick. One for each test file. */
export const objectsD1 = sickD1();

/** Makes it sick, until the test is done or says otherwise. */
export const forObjectsD1Is = (illness: D1Illness): void => {
  objectsD1.is(illness);
  onTestFinished(() => objectsD1.is('well'));
};
