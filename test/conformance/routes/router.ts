import { allRoutes } from '../../../shared/routes/routes.ts';

/** `GET /api/health`: each declared route, sorted. */
export const declaredRoutes = (): string[] => allRoutes.map(({ method, path }) => `${method} ${path}`).toSorted();

/** The path with its parameters filled in; `:name{.+}` is the rest of it. */
export const filled = (path: string, value: (name: string) => string): string =>
  path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => value(name));
