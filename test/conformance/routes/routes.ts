// Every declared route has a case, every case a route. A new route without one fails here.

import { describe, expect, test } from 'vitest';
import { allRoutes } from '../../../shared/routes/routes.ts';
import { routesAt } from '../../../worker/http/declared.ts';
import { apiFetch } from '../../support/declared-answer.ts';
import { me, stack, token } from '../stage.ts';
import { cases } from './cases.ts';
import { declaredRoutes, filled } from './router.ts';
import { runCases } from './run.ts';

for (const [name, own] of Object.entries(cases)) describe(name, () => runCases(own));

test('each declared route has one case, and each case is of a route', () => {
  const routes = Object.values(cases).flatMap((own) => own.map(({ route }) => route));

  expect(routes.toSorted()).toEqual(declaredRoutes());
});

test('a known path with a method it does not have is 405 and names the methods there are', async () => {
  for (const path of new Set(allRoutes.map((route) => filled(route.path, () => 'x')))) {
    const methods: string[] = routesAt(path).map(({ method }) => method);
    const other = ['PUT', 'PATCH', 'DELETE', 'POST', 'GET'].find((method) => !methods.includes(method));
    if (!other) continue;
    const response = await apiFetch(`${stack().url()}${path}`, {
      method: other,
      headers: { authorization: `Bearer ${token()}` },
    });
    const allowed = (response.headers.get('allow') ?? '').split(', ');
    expect([response.status, allowed], `${other} ${path}`).toEqual([405, expect.arrayContaining(methods)]);
    expect((await response.text()).trim(), path).not.toBe('');
  }
});

test('an unknown path is 401 without a token, and an empty 404 with one', async () => {
  for (const path of [
    '/api/nothing',
    '/api/control',
    '/api/control/missions/a/b/c',
    '/api/health/x',
    '/api/__proto__',
  ]) {
    const [without, known] = [await stack().anyone.call('GET', path), await me().call('GET', path)];
    expect([without.status, without.text, known.status, known.text], path).toEqual([
      401,
      'Missing Authorization header',
      404,
      '',
    ]);
  }
});
