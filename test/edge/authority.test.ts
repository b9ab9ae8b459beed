// Who may: every declared route and every declared method of the objects, tried as each kind of asker. The cases are
// made of the declarations, so that a new route or method is among them by itself.
import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Route, Who } from '../../shared/routes/route.ts';
import { allRoutes } from '../../shared/routes/routes.ts';
import { adminScopes, userScopes } from '../../shared/scopes.ts';
import { Account } from '../../worker/account/object.ts';
import { Host } from '../../worker/host/object.ts';
import { type MethodWho, objectMethods, platformMethods } from '../../worker/methods.ts';
import type { Principal } from '../../worker/principal.ts';
import { Relay } from '../../worker/relay/object.ts';
import { about, marks, people, type Stage, stage } from './authority-stage.ts';
import { freshDirectory, request, tokenOf } from './edge.ts';

let bobs: Stage;

beforeEach(async () => {
  await freshDirectory();
  bobs = await stage();
});

const routesFor = (...who: Who[]): Route[] => allRoutes.filter((each) => who.includes(each.who));
const ofPeople = routesFor('user', 'resident', 'admin');
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** Status and text of an answer, without what differs by chance: the id it was asked about, other ids, and times. */
const said = async (answer: Response, id: string) => ({
  status: answer.status,
  text: (await answer.text())
    .replaceAll(id, 'ID')
    .replaceAll(id.slice(0, 8), 'ID')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'),
});

/** What somebody's call made is taken away again, so that the next is of somebody who has nothing. */
const forgetMissions = async (as: (typeof people)['mallory']): Promise<void> => {
  const list = await (await as('/api/control/missions')).json<{ id: string }[]>();
  for (const { id } of list) await as(`/api/control/missions/${id}`, { method: 'DELETE' });
};

/** An id of this kind that is of nothing. */
const unlike = (id: string): string => (/^[0-9a-f-]{36}$/.test(id) ? crypto.randomUUID() : `none_${id}`);

test.each(['mallory', 'ada'] as const)("what is bob's is to %s like what is not there, by every route", async (who) => {
  const as = people[who];
  const tried = async (route: Route, id: string) => {
    const answer = await as(...about(route, id, bobs.id));
    if (answer.ok && route.method === 'POST') await forgetMissions(as);
    return said(answer, id);
  };
  const differing: string[] = [];
  // What an admin may change is not about missions, and would be gone for the calls that follow.
  for (const route of ofPeople.filter((each) => who !== 'ada' || each.who !== 'admin')) {
    for (const id of bobs.ids) {
      const [theirs, nothing] = [await tried(route, id), await tried(route, unlike(id))];
      const isAlike = JSON.stringify(theirs) === JSON.stringify(nothing) && !theirs.text.includes(marks.bob);
      if (!isAlike) differing.push(`${nameOf(route)} of ${id}: ${JSON.stringify([theirs, nothing])}`);
    }
  }
  expect(differing).toEqual([]);
  // It is all still there, as it was.
  const list = await (await people.bob('/api/control/missions')).json<{ status: string }[]>();
  expect(list.map(({ status }) => status).toSorted()).toEqual(['active', 'active', 'completed']);
  expect(await (await people.bob('/api/control/queue')).json()).toHaveLength(1);
  expect(await (await people.bob('/api/control/permissions')).json()).toHaveLength(2);
});

test('a machine is known to those who work there and to admins, and what providers are connected to to admins', async () => {
  const shown = async (as: (typeof people)['mallory'], route: Route) => {
    const texts: string[] = [];
    for (const id of [bobs.id, bobs.workspaceId, 'groq']) {
      const answer = await as(...about(route, id, bobs.id));
      texts.push(`${answer.status} ${await answer.text()}`);
    }
    return texts.join();
  };
  const marked = { mallory: new Set<string>(), bob: new Set<string>(), ada: new Set<string>() };
  const reading = ofPeople.filter(({ who, method }) => who !== 'admin' && method === 'GET');
  for (const route of [...reading, ...ofPeople.filter(({ path }) => path.endsWith('/test'))]) {
    for (const who of ['mallory', 'bob', 'ada'] as const) {
      const text = await shown(people[who], route);
      for (const mark of [marks.machine, marks.admin])
        if (text.includes(mark)) marked[who].add(`${mark} ${nameOf(route)}`);
      if (route.who === 'resident' && route.answer.kind !== 'socket')
        expect(/\b(403|200)\b/.exec(text)?.[0], `${nameOf(route)} as ${who}`).toBe(who === 'mallory' ? '403' : '200');
    }
  }
  const ofMachine = [
    'GET /api/fs/list',
    'GET /api/hosts',
    'GET /api/control/diagnostics/opencode',
    ...['GET /api/workspaces', 'GET /api/workspaces/:id', 'GET /api/workspaces/:id/debug'],
    ...['GET /api/workspaces/:id/init-log', 'GET /api/opencode/connections', 'GET /api/opencode/connections/:id'],
    ...['POST /api/opencode/connections/:id/test', 'GET /api/system/components'],
  ].map((name) => `${marks.machine} ${name}`);
  const ofAdmins = ['GET /api/ai/providers', 'GET /api/ai/providers/:id'].map((name) => `${marks.admin} ${name}`);

  expect([...marked.mallory]).toEqual([]);
  expect([...marked.bob].toSorted()).toEqual(ofMachine.filter((name) => !name.includes('/fs/')).toSorted());
  expect([...marked.ada].toSorted()).toEqual([...ofMachine, ...ofAdmins].toSorted());
});

test('figures of a machine are asked for whoever works there, and without a word for nobody else, whose page stays whole', async () => {
  const open = async (who: 'mallory' | 'bob' | 'ada') => {
    const protocols = `openagent, jwt.${await tokenOf(who)}`;
    const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': protocols };
    const answer = await people.nobody(`/api/monitoring/ws?host=${bobs.id}`, { headers });
    answer.webSocket?.accept();
    onTestFinished(() => answer.webSocket?.close(1000, 'enough'));
    return answer.status;
  };
  const asked = () => bobs.asked.filter(({ method }) => method === 'system.samples').length;

  expect(await open('mallory')).toBe(101);
  expect(await open('bob')).toBe(101);
  await vi.waitFor(() => expect(asked()).toBe(1));
  expect(await open('ada')).toBe(101);
  await vi.waitFor(() => expect(asked()).toBe(2));
});

test("no route of people takes a server's credential, and none of servers a user's token", async () => {
  const credential = { Authorization: `Bearer ${bobs.id}.${bobs.credential}` };
  for (const route of ofPeople) {
    const [path, init] = about(route, bobs.ids[0] ?? '', bobs.id);
    const answer = await request(path, { ...init, headers: credential });
    expect([answer.status, await answer.text()], nameOf(route)).toEqual([401, 'Invalid or expired token']);
  }
  for (const route of routesFor('host', 'launcher')) {
    const [path, init] = about(route, bobs.id, bobs.id);
    for (const as of [people.nobody, people.bob, people.ada])
      expect((await as(path, { ...init, headers: { Upgrade: 'websocket' } })).status, nameOf(route)).toBe(401);
  }
});

test('every method of an object is declared, and nothing that is not one', () => {
  for (const [name, declared] of Object.entries({ Host, Relay, Account })) {
    const own = Object.getOwnPropertyNames(declared.prototype).filter((each) => each !== 'constructor');
    const platform: readonly string[] = platformMethods;
    expect(own.filter((each) => !platform.includes(each)).toSorted(), name).toEqual(
      Object.keys(objectMethods[name as keyof typeof objectMethods]).toSorted(),
    );
  }
});

const methodsFor = (who: MethodWho): string[] =>
  Object.entries(objectMethods.Host).flatMap(([name, each]) => (each === who ? [name] : []));

test("a method of a server's object that is for an owner does nothing to and shows nothing of another's", async () => {
  const object = env.HOST.getByName(bobs.id);
  const said: string[] = [];
  const left = await runInDurableObject(object, async (instance, { storage: { sql } }) => {
    /** Everything that is not of a mission which mallory made meanwhile. */
    const rows = () => {
      const own = sql.exec<{ id: string }>("SELECT id FROM missions WHERE owner = 'mallory'").toArray();
      return ['missions', 'commands', 'requests', 'answers', 'todos', 'parts', 'ended_turns'].flatMap((table) =>
        sql
          .exec(`SELECT * FROM ${table}`)
          .toArray()
          .filter(({ owner, mission }) => owner !== 'mallory' && !own.some(({ id }) => id === mission)),
      );
    };
    const before = rows();
    for (const method of methodsFor('owner')) {
      for (const id of [...bobs.ids, crypto.randomUUID()]) {
        const bag = {
          ...{
            id,
            owner: 'mallory',
            mission: id,
            content: 'x',
            was: null,
            agent: null,
            types: null,
            from: 1,
            limit: 9,
          },
          ...{
            workspace: 'w',
            title: null,
            model: null,
            by: 'm',
            said: { kind: 'question', request: id, answers: null },
          },
        };
        const forms = [[bag], ['mallory', id, bag], ['mallory', bag, null], ['mallory', id, 'completed'], ['mallory']];
        for (const args of forms) {
          const answer: unknown = await Promise.resolve()
            .then(() => Reflect.apply(Reflect.get(instance, method), instance, args))
            .catch(String);
          if (JSON.stringify(answer ?? null).includes(marks.bob)) said.push(`${method}: ${JSON.stringify(answer)}`);
        }
      }
    }
    return { before, after: rows() };
  });
  expect(said).toEqual([]);
  expect(left.after).toEqual(left.before);
  expect(left.before.length).toBeGreaterThan(6);
  expect(methodsFor('owner').length).toBeGreaterThan(20);
});

test('a method that is for a principal compares its scopes, in the object too', async () => {
  const as = (name: string, scopes: Principal['scopes']): Principal => ({
    user: { id: name, name },
    login: null,
    scopes,
  });
  await runInDurableObject(env.HOST.getByName(bobs.id), async (instance) => {
    const object = instance as Host;
    const asked = async (asker: Principal, method: string) => {
      const answer = await object.call(asker, method, {});
      return answer.ok ? 'asked' : answer.code;
    };
    expect(methodsFor('principal')).toEqual(['call', 'remove', 'retention', 'setRetention']);
    expect(await asked(as('mallory', userScopes), 'workspace.debug')).toBe('forbidden');
    expect(await asked(as('mallory', userScopes), 'providers.list')).toBe('asked');
    expect(await asked(as('bob', userScopes), 'workspace.debug')).toBe('asked');
    expect(await asked(as('bob', userScopes), 'providers.remove')).toBe('forbidden');
    expect(await asked(as('bob', []), 'providers.list')).toBe('forbidden');
    expect(await asked(as('ada', adminScopes), 'workspace.debug')).toBe('asked');
    expect(await asked(as('ada', adminScopes), 'nothing.declared')).toBe('not_found');
    await expect(object.remove(as('bob', userScopes))).rejects.toThrow('Only an admin may do this');
    expect(() => object.retention(as('bob', userScopes))).toThrow('Only an admin may do this');
    expect(() => object.setRetention(as('bob', userScopes), { days: 1 })).toThrow('Only an admin may do this');
  });
});
