import type { Context } from './context.ts';

/**
 * Answers for a part of the contract that this version does not have as a whole: 503 and a sentence (the contract's own words where it
 * has some). A request to a part that is there, for something that it cannot do, is 400 instead: trying again would not help.
 * Not an error of ours, so nothing is logged: dashboards ask some of these on every page.
 */
export const notYet =
  (text: string) =>
  (c: Context): Response =>
    c.text(text, 503);
