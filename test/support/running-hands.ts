// Real hands for one test.
import { onTestFinished } from 'vitest';
import { type HandsOptions, type HandsProcess, startHandsProcess } from './hands-process.ts';

/** Starts hands; they and their state directory are gone after the test. */
export const startHands = async (options: HandsOptions = {}): Promise<HandsProcess> => {
  const hands = await startHandsProcess(options);
  onTestFinished(hands.close);
  return hands;
};
