import type { MiddlewareHandler } from 'hono';
import { maxBodyBytes } from '../../shared/limits.ts';
import type { Bound } from './context.ts';

/** Four times what is allowed: a message that a person pasted too much into. Who sends more is cut off. */
const mostBytes = 4 * maxBodyBytes;

/**
 * Reads what is left of a refused request's body before it is answered. A connection that is closed while a client still sends
 * breaks in its hands, and it shows a network error instead of our text.
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
