import { AppError } from '../shared/errors.ts';

type Facts = Record<string, string | number>;

/**
 * One JSON line on stderr. `cause` is reduced to its message chain and stack: never pass a request or a header here.
 */
export const logError = (event: string, cause: unknown, facts: Facts = {}): void => {
  console.error(JSON.stringify({ level: 'error', event, ...facts, ...describe(cause) }));
};

/** The same on stdout, for what is to be expected, such as a socket whose other end is gone. */
export const logInfo = (event: string, cause: unknown, facts: Facts = {}): void => {
  console.log(JSON.stringify({ level: 'info', event, ...facts, ...describe(cause) }));
};

const describe = (cause: unknown): { message: string; stack?: string; caused_by?: string } => {
  if (!(cause instanceof Error)) return { message: String(cause) };
  const below = cause.cause === undefined ? {} : { caused_by: describe(cause.cause).message };
  // An expected failure says all in its message.
  const stack = cause instanceof AppError ? {} : { stack: cause.stack };
  return { message: cause.message, ...stack, ...below };
};
