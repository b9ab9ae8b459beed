import { createHash, randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { beforeAll, expect, test } from 'vitest';
import { missionRoutes } from '../../shared/routes/missions.ts';
import { type Route, route, type Who } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';
import { missionInPath } from '../../shared/routes/scalars.ts';
import type { Bound } from '../../worker/http/context.ts';
import { mount } from '../../worker/http/mount.ts';
import { on } from '../../worker/http/on.ts';
import { asUser, edgeEnv, enrol, freshDirectory, internalToken, request } from './edge.ts';

beforeAll(freshDirectory);

const routesFor = (...who: Who[]): Route[] => allRoutes.filter((each) => who.includes(each.who));
const unknown: string = randomUUID();
/** The route as a call whose path is well-formed; its body is that of nobody. */
const called = ({ method, path }: Route, id = unknown): [string, RequestInit & { json?: unknown }] => [
  path.replace(/:\w+(\{[^}]*\})?/g, id),
  { method, ...(method === 'GET' || method === 'DELETE' ? {} : { json: {} }) },
];

test('what is for users is refused to whoever shows no token, before anything else is looked at', async () => {
  for (const each of routesFor('user', 'admin')) {
    const [path, init] = called(each, '%00');
    const answer = await request(path, init);
    expect([answer.status, await answer.text()], `${each.method} ${each.path}`).toEqual([
      401,
      'Missing Authorization header',
    ]);
    const garbage = await request(path, { ...init, headers: { Authorization: 'Bearer a.b.c' } });
    expect([garbage.status, await garbage.text()]).toEqual([401, 'Invalid or expired token']);
  }
  expect(routesFor('user').length).toBeGreaterThan(100);
});

test('what is for admins is refused to other users with the reason of its declaration', async () => {
  const accounts = [
    { username: 'ada', password: 'x', admin: true },
    { username: 'bob', password: 'x' },
  ];
  const bound = edgeEnv({ OPEN_AGENT_USERS: JSON.stringify(accounts) });
  for (const each of routesFor('admin')) {
    const answer = await asUser('bob', bound)(...called(each));
    expect([answer.status, await answer.text()], each.path).toEqual([403, each.refusal]);
    expect((await asUser('ada', bound)(...called(each))).status, each.path).not.toBe(403);
  }
  expect(routesFor('admin')).not.toEqual([]);
});

test('what is for servers takes no token of a user, and no credential but that of an enrolled server', async () => {
  const { credential } = await enrol();
  for (const each of routesFor('host')) {
    const [path] = called(each);
    const dial = { Upgrade: 'websocket' };
    const bare = await request(path, { headers: dial });
    const asAda = await asUser('ada')(path, { headers: dial });
    const other = await request(path, {
      headers: { ...dial, Authorization: `Bearer ${randomUUID()}.${credential}` },
    });
    expect([bare.status, asAda.status, other.status], each.path).toEqual([401, 401, 401]);
  }
  expect(routesFor('host')).toHaveLength(3);
});

test('what is for the launcher takes its token alone, and is not there at an edge that has no launcher', async () => {
  for (const each of routesFor('launcher')) {
    const [path, init] = called(each);
    const own = { headers: { Authorization: `Bearer ${internalToken}` } };
    expect((await request(path, init)).status, path).toBe(401);
    expect((await asUser('ada')(path, init)).status, path).toBe(401);
    expect((await request(path, { ...init, ...own })).status, path).toBe(422);
    const elsewhere = await request(path, { ...init, ...own }, edgeEnv({ EDGE: undefined }));
    expect([elsewhere.status, await elsewhere.text()], path).toEqual([404, '']);
  }
  expect(routesFor('launcher')).toHaveLength(1);
});

test("on every route of a mission another user's is like one that is not there", async () => {
  const { workspaceId } = await enrol();
  const [ada, bob] = [asUser('ada'), asUser('bob')];
  const created = await ada('/api/control/missions', { method: 'POST', json: { workspace_id: workspaceId } });
  const { id } = await created.json<{ id: string }>();
  const bodies = new Map<Route, object>([
    [missionRoutes.setStatus, { status: 'completed' }],
    [missionRoutes.parallel, { content: 'hello' }],
  ]);
  const ofMissions = allRoutes.filter(({ params }) => params === missionInPath);
  expect(ofMissions.length).toBeGreaterThan(5);

  for (const each of ofMissions) {
    const said = await Promise.all(
      [id, unknown].map(async (mission) => {
        const [path, init] = called(each, mission);
        const answer = await bob(path, { ...init, ...(init.json ? { json: bodies.get(each) ?? {} } : {}) });
        return [answer.status, (await answer.text()).replaceAll(mission, 'ID')];
      }),
    );
    expect(said[0], `${each.method} ${each.path}`).toEqual(said[1]);
    expect([400, 404, 409], `${each.method} ${each.path}`).toContain(said[0]?.[0]);
  }
  expect((await ada(`/api/control/missions/${id}`)).status).toBe(200);
});

test('the description and its page need no token, and the page may load, run and send nothing', async () => {
  const description = await request('/api/openapi.json');
  const page = await request('/api/docs');
  const text = await page.text();
  const style = createHash('sha256')
    .update(/<style>(.*)<\/style>/s.exec(text)?.[1] ?? '')
    .digest('base64');

  expect((await description.json<{ openapi: string }>()).openapi).toBe('3.1.0');
  expect(page.headers.get('Content-Security-Policy')).toBe(
    `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(text).toContain('width=device-width');
  expect(text).toContain('color-scheme: light dark');
  expect((await request('/api/docs', { method: 'POST' })).headers.get('Allow')).toBe('GET, HEAD');
});

test('an edge does not start with a declared route that nothing answers, one answered twice, or an answer to none', () => {
  const refused = { kind: 'refused', about: 'never' } as const;
  const [one, other] = (['/api/one', '/api/other'] as const).map((path) =>
    route({ method: 'GET', path, summary: path, who: 'user', answer: refused }),
  );
  if (!one || !other) throw new Error('there are two');
  const answer = (declared: Route) => on(declared, () => new Response());
  const start = (declared: Route[], answered: Route[]) => mount(new Hono<Bound>(), answered.map(answer), declared);

  expect(() => start([one, other], [other, one])).not.toThrow();
  expect(() => start([one, other], [one])).toThrow('nothing answers GET /api/other');
  expect(() => start([one], [one, one])).toThrow('answered twice');
  expect(() => start([one], [one, other])).toThrow('GET /api/other is not among the declared routes');
});
