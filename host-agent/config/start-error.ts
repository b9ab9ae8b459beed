/**
 * A start that can't succeed, for a reason the person can mend. The message is the whole story: what, why, what to do.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** By its name: the program's first files have a class of their own (tools/bundle.mjs). */
export const isStartError = (error: unknown): boolean => error instanceof Error && error.name === 'StartError';
