import type { Hono, NotFoundHandler } from 'hono';
import type { Bound } from './context.ts';

/** Answers what no route took: a known path with another method is 405 with `Allow`, anything else 404 without a body. */
export const notFound = (app: Hono<Bound>): NotFoundHandler<Bound> => {
  const known = app.routes
    .filter((route) => route.method !== 'ALL')
    .map((route) => ({ method: route.method, path: pathPattern(route.path) }));

  return (c) => {
    const methods = new Set(known.filter((route) => route.path.test(c.req.path)).map((route) => route.method));
    if (methods.size === 0) return c.body(null, 404);
    if (methods.has('GET')) methods.add('HEAD');
    const allow = [...methods].sort().join(', ');
    return c.text(`Method ${c.req.method} is not allowed here: use ${allow}`, 405, { Allow: allow });
  };
};

/** `:name` is one segment, `:name{.+}` the rest of the path. */
const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replace(/:\w+(\{\.\+\})?/g, (_, rest) => (rest ? '.+' : '[^/]+'))}$`);
