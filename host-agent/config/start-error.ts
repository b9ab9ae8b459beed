/**
 * A start that can't succeed, for a reason the person can mend. The message is the whole story: what, why, what to do.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
