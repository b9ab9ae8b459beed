import type { ErrorHandler } from 'hono';
import { AppError, httpStatus } from '../../shared/errors.ts';
import { isAway } from '../directory/away.ts';
import { logError } from '../log.ts';
import { isObjectAway, objectAwayText } from '../object-away.ts';
import type { Bound } from './context.ts';

/**
 * Every failure as the contract's plain text (§1.4): an `AppError` in its own words, anything else as a reference
 * to the log line that has the cause.
 */
export const textError: ErrorHandler<Bound> = (error, c) => {
  if (error instanceof AppError) {
    const status = httpStatus[error.code];
    if (status >= 500) logError('request.refused', error, { path: c.req.path, status });
    if (error.retryAfterS !== null) c.header('Retry-After', String(error.retryAfterS));
    return c.text(error.message, status);
  }
  if (isAway(error)) {
    logError('request.refused', error, { path: c.req.path, status: 503 });
    return c.text(awayText, 503);
  }
  if (isObjectAway(error)) {
    logError('request.refused', error, { path: c.req.path, status: 503 });
    return c.text(objectAwayText, 503);
  }
  const ref = crypto.randomUUID().slice(0, 8);
  logError('request.failed', error, { path: c.req.path, method: c.req.method, ref });
  if (isWithoutTables(error)) return c.text(setupText, 500);
  return c.text(`Internal error (ref ${ref})`, 500);
};

const setupText =
  'The directory database has no tables yet: run `wrangler d1 migrations apply` (Cloudflare) or start with `openagent up`';

const awayText = "The edge's directory (D1) can't be reached. What runs goes on: try again in a moment.";

/** Drizzle wraps D1's error, so the text may be one cause down. */
const isWithoutTables = (error: unknown): boolean =>
  error instanceof Error && (error.message.includes('no such table') || isWithoutTables(error.cause));
