import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson } from '../../shared/api.ts';
import type { MissionId } from '../../shared/ids.ts';
import { maxPrepared } from '../../shared/limits.ts';
import { defaultLimits } from '../../shared/quotas.ts';
import { asUser, freshDirectory } from './edge.ts';
import { freshHost, host, newMission, object, owner } from './fresh-host.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';

beforeEach(async () => {
  await freshDirectory();
  await freshHost();
});

const capabilities = { agents: null, working_dir: '/root', slots: 2, prepares: true };

const up = async (run = 'r1', more: object = {}): Promise<HostPeer> => {
  const peer = await dialHost(host);
  peer.send(hello(run, { capabilities: { ...capabilities, ...more } }));
  await peer.next('welcome');
  return peer;
};
const told = async (peer: HostPeer): Promise<MissionId[]> => (await peer.next('prepare')).missions;
const take = async (by: string, missions = defaultLimits.missions): Promise<MissionId | null> => {
  const taken = await object().prepared(by, { ...defaultLimits, missions });
  return taken.ok ? taken.value : null;
};
/** Makes the mission whose id the object gave. */
const make = async (id: MissionId | null): Promise<void> => {
  if (id === null) throw new Error('no id');
  await object().createMission({ id, owner, workspace: 'w', title: null, agent: null, model: null });
};
/** Whoever creates missions is an ordinary user of the edge. */
const ada = asUser('ada');
const create = async (): Promise<MissionJson> =>
  (await ada('/api/control/missions', { method: 'POST', json: {} })).json();

test('a server is told of its next mission before anybody wants it, and of the ones made last, three at most', async () => {
  const peer = await up();
  const [first] = await told(peer);

  const made: string[] = [];
  let list: string[] = [];
  for (let n = 0; n < maxPrepared + 1; n++) {
    made.push((await create()).id);
    list = await told(peer);
  }

  expect(made[0]).toBe(first);
  expect(list).toHaveLength(maxPrepared);
  expect(list.slice(0, -1)).toEqual(made.slice(-2));
  expect(made).not.toContain(list.at(-1));
});

test('a message that makes its mission takes the one that is ready', async () => {
  const peer = await up();
  const [ready] = await told(peer);

  await ada('/api/control/message', { method: 'POST', json: { content: 'hello' } });

  expect((await peer.next('commands')).commands).toMatchObject([{ kind: 'message', mission: ready }]);
  // Told before the message, so that a server knows which is which.
  expect(peer.order.lastIndexOf('prepare')).toBeLessThan(peer.order.indexOf('commands'));
});

test('of many who make a mission at once each gets another', async () => {
  await up();

  const made = await Promise.all(Array.from({ length: 6 }, create));

  expect(new Set(made.map(({ id }) => id)).size).toBe(6);
});

test('a request that is repeated by its key finds its mission', async () => {
  const peer = await up();
  const [ready] = await told(peer);
  const ask = async (): Promise<MissionJson> =>
    (await ada('/api/control/missions', { method: 'POST', json: {}, headers: { 'Idempotency-Key': 'k' } })).json();

  expect([(await ask()).id, (await ask()).id]).toEqual([ready, ready]);
});

test('a mission that is deleted, or cleaned up, is not to be ready any more', async () => {
  const peer = await up();
  await told(peer);
  const [deleted, unused] = [await take(owner), await take(owner)];
  await told(peer);
  const next = (await told(peer)).at(-1);
  await make(deleted);
  await make(unused);

  await object().deleteMission(owner, deleted ?? '');
  expect(await told(peer)).toEqual([unused, next]);
  await object().cleanup(owner);
  expect(await told(peer)).toEqual([next]);
});

test('who may have no more missions takes none, and so costs the server nothing', async () => {
  const peer = await up();
  const list = await told(peer);
  await newMission();

  expect(await take(owner, 1)).toBeNull();
  expect(await take('somebody else')).toBe(list[0]);
});

test('a server that comes back is told again, also where nothing has changed', async () => {
  const first = await up();
  const list = await told(first);
  first.close();

  expect(await told(await up('r1', {}))).toEqual(list);
});

test('a server of an older version is told of none, and its missions are made as ever', async () => {
  const peer = await up('r1', { prepares: undefined });
  const made = await create();
  await ada('/api/control/message', { method: 'POST', json: { content: 'hello', mission_id: made.id } });

  expect((await peer.next('commands')).commands).toMatchObject([{ mission: made.id }]);
  expect(peer.order).not.toContain('prepare');
  expect(await take(owner)).toBeNull();
});

test('an id that D1 knows as another mission of the server is passed over', async () => {
  const peer = await up();
  const [ready = ''] = await told(peer);
  const other = `${ready.slice(0, 8)}-0000-4000-8000-000000000000`;
  await env.DB.prepare(
    `INSERT INTO missions (id, owner, host, workspace, status, cost_usd, history, created_at, updated_at, rev, log)
       VALUES (?, 'bob', ?, 'w', 'active', 0, '[]', 0, 0, 1, 'l')`,
  )
    .bind(other, host)
    .run();

  expect((await create()).id).not.toBe(ready);
});
