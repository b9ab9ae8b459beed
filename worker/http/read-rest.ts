import type { MiddlewareHandler } from 'hono';
import { maxBodyBytes } from '../../shared/limits.ts';
import type { Bound } from './context.ts';

/**
 * The most that is read of a refused body: four times the limit, enough for a message into which a person pasted too
 * much. Whoever sends more is cut off.
 */
const mostBytes = 4 * maxBodyBytes;

/**
 * Reads the rest of a refused request before the answer is sent. If the connection were closed while the client still
 * sends, the client would see a network error instead of our text.
 */
export const readRest: MiddlewareHandler<Bound> = async (c, next) => {
  await next();
  const { body } = c.req.raw;
  if (c.res.status < 400 || !body || body.locked) return;
  const reader = body.getReader();
  try {
    for (let size = 0; size < mostBytes; ) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
    }
  } catch {
    // The client is gone, and with it whoever would read the answer.
  } finally {
    reader.releaseLock();
  }
};
