import type { NotFoundHandler } from 'hono';
import type { Bound } from './context.ts';
import { routesAt } from './declared.ts';

/**
 * Answers a request that no route matched: 405 with `Allow` when the path exists with another method, else 404 without
 * a body.
 */
export const notFound: NotFoundHandler<Bound> = (c) => {
  const methods = new Set<string>(routesAt(c.req.path).map(({ method }) => method));
  if (methods.size === 0) return c.body(null, 404);
  if (methods.has('GET')) methods.add('HEAD');
  const allow = [...methods].sort().join(', ');
  return c.text(`Method ${c.req.method} is not allowed here: use ${allow}`, 405, { Allow: allow });
};
