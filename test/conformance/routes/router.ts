import { z } from 'zod';

const router = z.object({ app: z.object({ routes: z.array(z.object({ method: z.string(), path: z.string() })) }) });

/** The Worker's own routes, `GET /api/health`; read at run time, because its types and Node's are not for one program. */
export const routesOfRouter = async (): Promise<string[]> => {
  const path = '../../../worker/app.ts';
  const { app } = router.parse(await import(path));
  const routes = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`);
  return [...new Set(routes)].toSorted();
};

/** The path with its parameters filled in; `:name{.+}` is the rest of it. */
export const filled = (path: string, value: (name: string) => string): string =>
  path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => value(name));

/** Methods of all routes that a concrete path belongs to. */
export const methodsOf = (routes: readonly string[], concrete: string): string[] =>
  routes.flatMap((route) => {
    const [method = '', path = ''] = route.split(' ');
    const pattern = path.replace(/:\w+(\{[^}]*\})?/g, (_, rest) => (rest ? '.+' : '[^/]+'));
    return new RegExp(`^${pattern}$`).test(concrete) ? [method] : [];
  });
