import type { MiddlewareHandler } from 'hono';
import type { Env } from '../env.ts';
import type { Bound } from './context.ts';

/**
 * How long a browser may remember a preflight. Chromium allows at most two hours; the web app polls a lot, so every
 * preflight that is saved counts.
 */
const preflightMaxAgeS = 7200;
const methods = 'GET, POST, PUT, PATCH, DELETE, OPTIONS';
/** What the existing web app may send (contract §1.5); other requested headers are echoed. */
const usualHeaders =
  'authorization, content-type, accept, last-event-id, idempotency-key, x-openagent-library-remote, x-openagent-git-author-name, x-openagent-git-author-email';

/**
 * CORS as the contract wants it (§1.5): every origin, never credentials, preflights before authentication and on
 * unknown paths. With authentication off there is none, or any web page could drive this machine (architecture §3, 9).
 */
export const cors =
  (isOff: (env: Env) => boolean): MiddlewareHandler<Bound> =>
  async (c, next) => {
    if (isOff(c.env)) return next();
    if (c.req.method === 'OPTIONS') {
      return c.body(null, 204, {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Allow-Methods': methods,
        'Access-Control-Allow-Headers': c.req.header('Access-Control-Request-Headers') ?? usualHeaders,
        'Access-Control-Max-Age': String(preflightMaxAgeS),
        Vary: 'Access-Control-Request-Headers',
      });
    }
    await next();
    // Touching the headers of an accepted socket would copy the response and lose the socket.
    if (c.res.status === 101) return;
    c.header('Access-Control-Allow-Origin', '*');
    c.header('Access-Control-Expose-Headers', '*');
  };
