import { onTestFinished } from 'vitest';
import { maxObjectBytes } from '../../shared/limits.ts';

/** What the `Host` objects that are constructed from now on can hold. */
export const objectRoom = { bytes: maxObjectBytes };

/** Objects constructed until the test is done can hold so much. */
export const smallObjects = (bytes: number): void => {
  objectRoom.bytes = bytes;
  onTestFinished(() => {
    objectRoom.bytes = maxObjectBytes;
  });
};
