// D1 replaced by an empty copy, while servers have nothing to tell it.
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import { setMeta } from '../../worker/host/tables.ts';
import { asUser, edgeEnv, enrol, freshDirectory, inAccount, users } from './edge.ts';
import { connectedSince, dialHost, hello } from './host-peer.ts';

const [ada, bob] = [asUser('ada'), asUser('bob')];
let host = '';
let mission = '';
const read = (as = ada, id = mission) => as(`/api/control/missions/${id}`);
const listed = async (): Promise<string[]> =>
  (await (await ada('/api/control/missions')).json<MissionJson[]>()).map(({ id }) => id);

beforeEach(async () => {
  await freshDirectory();
  const server = await enrol();
  host = server.id;
  mission = (await (await ada('/api/control/missions', { method: 'POST', json: {} })).json<MissionJson>()).id;
  await vi.waitFor(async () => expect(await listed()).toEqual([mission]));
  await vi.waitFor(async () =>
    expect(await inAccount('ada', (sql) => sql.exec('SELECT log FROM servers').toArray())).toHaveLength(1),
  );
});

/** The servers are enrolled again in the empty copy; the account remembers other missions than this. */
const emptyCopy = async (): Promise<void> => {
  await env.DB.batch([
    env.DB.prepare('DELETE FROM missions'),
    env.DB.prepare('UPDATE hosts SET log = NULL, rev = 0, slice = 0'),
  ]);
  await inAccount('ada', (sql) => sql.exec('DELETE FROM places'));
};

test('a mission that nobody remembers is found on its server, which tells D1 what it lost', async () => {
  await emptyCopy();
  expect(await listed()).toEqual([]);

  expect((await read()).status).toBe(200);

  await vi.waitFor(async () => expect(await listed()).toEqual([mission]));
  expect((await read(bob)).status).toBe(404);
});

test('also while D1 does not know the server itself', async () => {
  await emptyCopy();
  await env.DB.prepare('DELETE FROM hosts').run();

  expect((await read()).status).toBe(200);
});

test('who names what there is not wakes no server while D1 knows them', async () => {
  await vi.waitFor(async () =>
    expect(await env.DB.prepare('SELECT log FROM hosts WHERE id = ?').bind(host).first('log')).not.toBeNull(),
  );
  const asked: string[] = [];
  const counting = new Proxy(env.HOST, {
    get: (target, name) => {
      if (name === 'getByName') asked.push('a server');
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const watched = asUser('ada', { ...edgeEnv({ OPEN_AGENT_USERS: users('ada') }), HOST: counting });

  expect((await read(watched, crypto.randomUUID())).status).toBe(404);
  expect((await read(watched)).status).toBe(200);
  expect(asked).toEqual(['a server']);
});

test('the lists of an empty copy fill by themselves while the servers stay connected', async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  await vi.waitFor(async () => expect(await connectedSince(host)).not.toBeNull());
  await emptyCopy();
  expect(await listed()).toEqual([]);

  // Its time to look has come, and the server is heard of as before.
  await runInDurableObject(env.HOST.getByName(host), (_object, { storage }) =>
    setMeta(storage.sql, 'link_looks_at', String(Date.now())),
  );
  await runDurableObjectAlarm(env.HOST.getByName(host));

  await vi.waitFor(async () => expect(await listed()).toEqual([mission]));
  expect(await connectedSince(host)).not.toBeNull();
});
