import { TrieRouter } from 'hono/router/trie-router';
import type { Route } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';

const router = new TrieRouter<Route>();
const methods = [...new Set(allRoutes.map(({ method }) => method))];
for (const route of allRoutes) router.add(route.method, route.path, route);

/** The declaration of what a request asks for; null where there is none. HEAD is GET without the body. */
export const declaredRoute = (method: string, path: string): Route | null =>
  router.match(method === 'HEAD' ? 'GET' : method, path)[0][0]?.[0] ?? null;

/** The declarations of all methods that a path has. */
export const routesAt = (path: string): Route[] => methods.flatMap((method) => declaredRoute(method, path) ?? []);
