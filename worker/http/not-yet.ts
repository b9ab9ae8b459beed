import type { Context } from './context.ts';

/**
 * Answers for a whole part of the contract that this version does not have: 503 and one sentence (the contract's own
 * words where it has some). Where the part exists and only this request cannot be done, the route answers 400 instead,
 * since trying again would not help. Nothing is logged: dashboards ask some of these on every page.
 */
export const notYet =
  (text: string) =>
  (c: Context): Response =>
    c.text(text, 503);
