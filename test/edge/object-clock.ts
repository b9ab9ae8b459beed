import { onTestFinished } from 'vitest';
import { systemClock } from '../../shared/clock.ts';

let aheadMs = 0;

/**
 * The clock of the objects in these tests: it goes like the system's, since alarms are the platform's, and a test can
 * set it ahead. There is one for each test file, because the platform constructs the objects.
 */
export const objectClock = { ...systemClock, now: (): number => systemClock.now() + aheadMs };

/** Lets so much time pass for the objects, until the test is done. */
export const objectsAhead = (ms: number): void => {
  aheadMs += ms;
  onTestFinished(() => {
    aheadMs -= ms;
  });
};
