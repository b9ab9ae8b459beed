import type { Hono } from 'hono';
import type { Route } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';
import type { Bound } from './context.ts';
import type { Served } from './on.ts';

/**
 * Gives every declared route to the router, in the order of their declarations. Throws where one has no answer, or two.
 */
export const mount = (
  app: Pick<Hono<Bound>, 'on'>,
  served: readonly Served[],
  declared: readonly Route[] = allRoutes,
): void => {
  const answers = new Map(served.map((each) => [each.route, each.handle]));
  if (answers.size !== served.length) throw new Error('a declared route is answered twice');
  for (const route of declared) {
    const handle = answers.get(route);
    if (!handle) throw new Error(`nothing answers ${route.method} ${route.path}`);
    app.on(route.method, route.path, handle);
    answers.delete(route);
  }
  for (const { method, path } of answers.keys()) throw new Error(`${method} ${path} is not among the declared routes`);
};
