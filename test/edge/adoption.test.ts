import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test, vi } from 'vitest';
import { missionId } from '../../shared/ids.ts';
import { closeCode } from '../../shared/limits.ts';
import { defaultLimits } from '../../shared/quotas.ts';
import { accountOf } from '../../worker/account/account-of.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { accountsAreAway } from './accounts-away.ts';
import { batch, dialHost, enrolHost, type HostPeer, hello, row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { forObjectsD1Is } from './objects-d1.ts';

const owner = 'alice';
let [host, other] = ['', ''];

const newId = () => missionId.parse(crypto.randomUUID());
const up = async (server: string): Promise<HostPeer> => {
  const peer = await dialHost(server);
  peer.send(hello('r1'));
  await peer.next('welcome');
  return peer;
};
const opened = (mission: string, by = owner) =>
  row(mission, { type: 'mission.opened', owner: by, workspace: 'w', title: 'Opened' });
const onOther = async (): Promise<string> => {
  const id = newId();
  const made = { id, owner, workspace: 'w', title: 'Theirs', agent: null, model: null };
  expect((await hostObject(env, other).createMission(made)).ok).toBe(true);
  return id;
};
const owedBy = (server: string) =>
  runInDurableObject(env.HOST.getByName(server), (_, { storage }) =>
    storage.sql.exec('SELECT * FROM effects').toArray(),
  );
const seenOn = (server: string, mission: string) => hostObject(env, server).mission(owner, mission);

beforeEach(async () => {
  [host, other] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const server of [host, other]) await enrolHost(server);
});

test('a mission that nobody knows is adopted, also while D1 is away', async () => {
  forObjectsD1Is('fails');
  const peer = await up(host);
  const id = newId();

  peer.send(batch('r1', 1, [opened(id)]));

  expect((await peer.next('ack')).n).toBe(1);
  expect(await seenOn(host, id)).toMatchObject({ value: { title: 'Opened' } });
});

test("a mission that its owner's account knows on another server is taken back, also while D1 is away", async () => {
  const id = await onOther();
  await accountOf(env, owner).notePlace({ mission: id, host: other });
  forObjectsD1Is('fails');
  const peer = await up(host);

  peer.send(batch('r1', 1, [opened(id)]));

  const { code, reason } = await peer.closed;
  expect([code, reason]).toEqual([closeCode.unauthorised, expect.stringContaining('another server')]);
  expect(await seenOn(host, id)).toMatchObject({ code: 'not_found' });
});

test('one that the account has forgotten is taken back when D1 is told, and the link ends', async () => {
  const id = await onOther();
  await accountOf(env, owner).forgetMissions([id]);
  const peer = await up(host);

  peer.send(batch('r1', 1, [opened(id)]));

  const { code, reason } = await peer.closed;
  expect([code, reason]).toEqual([closeCode.unauthorised, expect.stringContaining('another server')]);
  await vi.waitFor(async () => expect(await seenOn(host, id)).toMatchObject({ code: 'not_found' }));
  expect(await seenOn(other, id)).toMatchObject({ value: { title: 'Theirs' } });
  const listed = env.DB.prepare('SELECT host, title, owner FROM missions WHERE id = ?').bind(id);
  expect(await listed.first()).toEqual({ host: other, title: 'Theirs', owner });
});

test('one that is said to be of nobody we know is taken back when D1 is told, and nothing more is taken of it', async () => {
  const id = await onOther();
  const peer = await up(host);
  peer.send(batch('r1', 1, [opened(id, 'mallory')]));
  expect((await peer.closed).code).toBe(closeCode.unauthorised);

  const again = await up(host);
  const note = row(id, { type: 'mission.opened', owner: 'mallory', workspace: 'w', title: 'Once more' });
  again.send(batch('r1', 2, [note, note]));
  expect((await again.next('ack')).n).toBe(3);

  expect(await seenOn(other, id)).toMatchObject({ value: { title: 'Theirs' } });
  const stored = await runInDurableObject(env.HOST.getByName(host), (_, { storage }) =>
    storage.sql.exec('SELECT seq FROM log WHERE mission = ?', id).toArray(),
  );
  expect(stored).toHaveLength(1);
  again.close();
});

test('one that was taken back is not told to a D1 that has lost its row, and the link stays', async () => {
  const id = await onOther();
  const first = await up(host);
  first.send(batch('r1', 1, [opened(id, 'mallory')]));
  expect((await first.closed).code).toBe(closeCode.unauthorised);

  await env.DB.prepare('DELETE FROM missions WHERE id = ?').bind(id).run();
  await env.DB.prepare('UPDATE hosts SET log = NULL, slice = 0').run();
  for (const server of [host, other]) {
    const peer = await up(server);
    await vi.waitFor(async () => {
      objectsAhead(5_000);
      await runDurableObjectAlarm(env.HOST.getByName(server));
      expect(await owedBy(server)).toEqual([]);
    });
    const n = server === host ? 2 : 1;
    peer.send(batch('r1', n, [opened(newId())]));
    expect((await peer.next('ack')).n).toBe(n);
    peer.close();
  }

  const listed = env.DB.prepare('SELECT host, title, owner FROM missions WHERE id = ?').bind(id);
  expect(await listed.first()).toEqual({ host: other, title: 'Theirs', owner });
  expect(await seenOn(other, id)).toMatchObject({ value: { title: 'Theirs' } });
});

test('a mission that the edge made on its server is its own, whatever a D1 that had lost it was told first', async () => {
  const id = await onOther();
  await env.DB.prepare('DELETE FROM missions WHERE id = ?').bind(id).run();
  const claimant = await up(host);
  claimant.send(batch('r1', 1, [opened(id, 'mallory')]));
  const inD1 = () => env.DB.prepare('SELECT host, owner FROM missions WHERE id = ?').bind(id).first();
  await vi.waitFor(async () => expect(await inD1()).toEqual({ host, owner: 'mallory' }));

  const peer = await up(other);
  expect(await hostObject(env, other).setStatus(owner, id, 'blocked')).toMatchObject({ ok: true });

  await vi.waitFor(async () => {
    objectsAhead(5_000);
    await runDurableObjectAlarm(env.HOST.getByName(other));
    expect(await inD1()).toEqual({ host: other, owner });
  });
  expect(await seenOn(other, id)).toMatchObject({ value: { title: 'Theirs', status: 'blocked' } });
  peer.send(batch('r1', 1, [opened(newId())]));
  expect((await peer.next('ack')).n).toBe(1);
});

test('while an account can not be asked a mission is adopted, the link stays, and what the account knows counts later', async () => {
  const [fresh, theirs] = [newId(), await onOther()];
  await accountOf(env, owner).notePlace({ mission: theirs, host: other });
  forObjectsD1Is('fails');
  const back = accountsAreAway();
  const peer = await up(host);

  peer.send(batch('r1', 1, [opened(fresh), opened(theirs)]));
  expect((await peer.next('ack')).n).toBe(2);
  peer.send(batch('r1', 3, [opened(newId())]));
  expect((await peer.next('ack')).n).toBe(3);

  back();
  await vi.waitFor(async () => {
    objectsAhead(5_000);
    await runDurableObjectAlarm(env.HOST.getByName(host));
    expect(await seenOn(host, theirs)).toMatchObject({ code: 'not_found' });
  });
  expect((await peer.closed).code).toBe(closeCode.unauthorised);
  expect(await seenOn(host, fresh)).toMatchObject({ value: { title: 'Opened' } });
});

const setQuota = (of: string, missions: number) =>
  env.DB.prepare('INSERT OR REPLACE INTO quotas (owner, name, value, changed_at) VALUES (?, ?, ?, 0)')
    .bind(of, 'missions', missions)
    .run();
const counted = async (of: string) => (await hostObject(env, host).usage(of)).missions;

test('missions that a server makes up count for the owner that it names, and what is above the quota is taken back', async () => {
  await setQuota('bob', 3);
  const peer = await up(host);
  const made = Array.from({ length: 8 }, newId);
  const [alices] = [newId()];

  peer.send(batch('r1', 1, [opened(alices), ...made.map((id) => opened(id, 'bob'))]));

  const { code, reason } = await peer.closed;
  expect([code, reason]).toEqual([
    closeCode.unauthorised,
    expect.stringContaining('the 3 missions here that they may'),
  ]);
  await vi.waitFor(async () => expect(await counted('bob')).toBe(3));
  expect(await counted(owner)).toBe(1);
  expect(await seenOn(host, alices)).toMatchObject({ value: { title: 'Opened' } });
  const kept = await Promise.all(made.map((id) => hostObject(env, host).mission('bob', id)));
  expect(kept.filter(({ ok }) => ok)).toHaveLength(3);

  // Nothing more is taken of those; the others go on.
  const again = await up(host);
  const [gone = ''] = made.filter((_, at) => kept[at]?.ok === false);
  again.send(batch('r1', 10, [opened(gone, 'bob'), row(alices, { type: 'turn.error', turn: newId(), message: 'x' })]));
  expect((await again.next('ack')).n).toBe(11);
  expect(await hostObject(env, host).mission('bob', gone)).toMatchObject({ code: 'not_found' });
  again.close();
});

test('an object that lost its missions takes back all that D1 knew of them, however few may be made now', async () => {
  await setQuota('bob', 1);
  const peer = await up(host);
  const made = Array.from({ length: 4 }, newId);
  const log = await env.DB.prepare('SELECT log FROM hosts WHERE id = ?').bind(host).first('log');
  await env.DB.batch(
    made.map((id) =>
      env.DB.prepare(
        `INSERT INTO missions (id, host, owner, status, workspace, cost_usd, history, created_at, updated_at, log, rev)
           VALUES (?, ?, 'bob', 'active', 'w', 0, '[]', 5, 5, ?, 1)`,
      ).bind(id, host, log),
    ),
  );

  peer.send(
    batch(
      'r1',
      1,
      made.map((id) => opened(id, 'bob')),
    ),
  );
  expect((await peer.next('ack')).n).toBe(4);

  await vi.waitFor(async () => expect(await owedBy(host)).toEqual([]));
  expect(await counted('bob')).toBe(4);
  peer.send(batch('r1', 5, [opened(newId())]));
  expect((await peer.next('ack')).n).toBe(5);
});

test('while nobody can be asked about what a server opens, it opens no more than so many', async () => {
  forObjectsD1Is('fails');
  const peer = await up(host);
  await runInDurableObject(env.HOST.getByName(host), (_, { storage }) =>
    storage.sql.exec(
      `INSERT INTO effects (kind, key, rev, due_at) WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT ?)
         SELECT 'adopted', 'some ' || n, 1, ? FROM n`,
      defaultLimits.missions,
      Date.now() + 3_600_000,
    ),
  );

  peer.send(batch('r1', 1, [opened(newId())]));
  expect((await peer.closed).code).toBe(closeCode.failed);

  const again = await up(host);
  again.send(batch('r1', 1, [row(null, { type: 'host.note', code: 'x', text: 'y' })]));
  expect((await again.next('ack')).n).toBe(1);
});
