// What the accounts of users are told of the servers that hold something of theirs.
import { env, evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { missionId } from '../../shared/ids.ts';
import { accountOf } from '../../worker/account/account-of.ts';
import { migrations } from '../../worker/host/tables.ts';
import { accountsAreAway, mostToldAtOnce } from './accounts-away.ts';
import { inAccount } from './edge.ts';
import { host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { batch } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { freshOwingHost, mission, newId, owed, say, settled, statusOf, up } from './owing-host.ts';
import { turnRows } from './turn-rows.ts';

beforeEach(freshOwingHost);

test('an account knows the servers that hold something of its user, and where something is alive', async () => {
  const known = () => accountOf(env, owner).servers();
  const here = async () => (await known()).find((each) => each.host === host);
  await vi.waitFor(async () => expect(await here()).toMatchObject({ host, live: false }));
  const peer = await up();
  const id = newId();

  await say(id);
  await vi.waitFor(async () => expect(await here()).toMatchObject({ host, live: true }));
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  await vi.waitFor(async () => expect(await runDurableObjectAlarm(stub())).toBe(true));
  expect(await here()).toMatchObject({ host, live: true });
  objectsAhead(60_000);
  await runDurableObjectAlarm(stub());

  await vi.waitFor(async () => expect(await here()).toMatchObject({ host, live: false }));
  expect((await accountOf(env, 'bob').servers()).filter((each) => each.host === host)).toEqual([]);
});

test('somebody else at work on a server keeps nobody else called alive there', async () => {
  const bobs = missionId.parse(crypto.randomUUID());
  await object().createMission({ id: bobs, owner: 'bob', workspace: 'w', title: null, agent: null, model: null });
  const peer = await up();
  const [ofAlice, ofBob] = [newId(), newId()];
  await say(ofAlice);
  await object().message('bob', { id: ofBob, mission: bobs, content: 'hello', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, ofAlice, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  const liveOf = async (user: string) =>
    (await accountOf(env, user).servers()).find((each) => each.host === host)?.live;
  await vi.waitFor(async () => expect([await liveOf(owner), await liveOf('bob')]).toEqual([true, true]));

  objectsAhead(61_000);
  await vi.waitFor(async () => {
    await runDurableObjectAlarm(stub());
    expect([await liveOf(owner), await liveOf('bob')]).toEqual([false, true]);
  });
});

test('an account that can not be reached is told later, and holds up neither D1 nor a turn', async () => {
  const back = accountsAreAway();
  const peer = await up();
  const id = newId();

  expect(await say(id)).toMatchObject({ ok: true });
  expect((await peer.next('commands')).commands).toMatchObject([{ id }]);
  await object().setStatus(owner, mission, 'blocked');
  expect(await statusOf(mission)).toBe('blocked');
  await vi.waitFor(async () => expect(await owed()).toEqual([{ kind: 'account', key: owner }]));
  back();

  await settled();
  expect(await accountOf(env, owner).servers()).toContainEqual(expect.objectContaining({ host, live: true }));
});

test('however many accounts are owed something, a few are told at once, and all of them in the end', async () => {
  const owners = Array.from({ length: 250 }, (_, index) => `owner ${index}`);
  await inObject((sql) => {
    for (const each of owners) {
      sql.exec('INSERT INTO accounts (owner, live, rev, since) VALUES (?, 0, 1, 0)', each);
      sql.exec("INSERT INTO effects (kind, key, rev) VALUES ('account', ?, 1)", each);
    }
  });
  await evictDurableObject(stub());

  await object().usage(owner);
  await settled();

  expect(mostToldAtOnce()).toBeGreaterThan(1);
  expect(mostToldAtOnce()).toBeLessThanOrEqual(8);
  const first = await accountOf(env, owners[0] ?? '').servers();
  expect(first).toContainEqual(expect.objectContaining({ host, live: false }));
  expect(await accountOf(env, owners.at(-1) ?? '').servers()).toHaveLength(1);
});

test('an object of before accounts tells every owner what it has of theirs', async () => {
  const first = migrations.findIndex((step) => step.some((each) => each.startsWith('CREATE TABLE accounts')));
  await inObject((sql) => {
    sql.exec('DROP TABLE accounts');
    for (const statement of migrations.slice(first).flat()) if (statement.includes('accounts')) sql.exec(statement);
  });
  await inAccount(owner, (sql) => sql.exec('DELETE FROM servers WHERE host = ?', host));
  await evictDurableObject(stub());

  await object().usage(owner);

  await vi.waitFor(async () =>
    expect(await accountOf(env, owner).servers()).toContainEqual(expect.objectContaining({ host, live: false })),
  );
});

test('a server on which nothing of a user is left leaves their account, and is back with the next mission', async () => {
  const known = async () => (await accountOf(env, owner).servers()).filter((each) => each.host === host);
  expect(await known()).toHaveLength(1);
  expect(await object().deleteMission(owner, mission)).toMatchObject({ ok: true });
  expect(await known()).toHaveLength(1);

  objectsAhead(31 * 24 * 3_600_000);
  await settled();
  expect(await known()).toEqual([]);

  const next = await newMission();
  await settled();
  expect(await known()).toMatchObject([{ live: false }]);
  expect(await object().deleteMission(owner, next)).toMatchObject({ ok: true });
});
