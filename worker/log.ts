import { AppError } from '../shared/errors.ts';

/** One JSON line on stderr. `cause` is reduced to its message chain and stack: never pass a request or a header here. */
export const logError = (event: string, cause: unknown, facts: Record<string, string | number> = {}): void => {
  console.error(JSON.stringify({ level: 'error', event, ...facts, ...describe(cause) }));
};

const describe = (cause: unknown): { message: string; stack?: string; caused_by?: string } => {
  if (!(cause instanceof Error)) return { message: String(cause) };
  const below = cause.cause === undefined ? {} : { caused_by: describe(cause.cause).message };
  // An expected failure says all in its message.
  const stack = cause instanceof AppError ? {} : { stack: cause.stack };
  return { message: cause.message, ...stack, ...below };
};
