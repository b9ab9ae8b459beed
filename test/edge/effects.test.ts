import { env, evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { directory } from '../../worker/directory/directory.ts';
import { tellDirectory } from '../../worker/directory/projection.ts';
import { askAgainAt } from '../../worker/host/effects/patience.ts';
import { host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { batch, row } from './host-peer.ts';
import { objectClock, objectsAhead } from './object-clock.ts';
import { forObjectsD1Is, objectsD1 } from './objects-d1.ts';
import { freshOwingHost, mission, newId, owed, say, settled, statusOf, up } from './owing-host.ts';
import { turnRows } from './turn-rows.ts';

const server = () => env.DB.prepare('SELECT live, agents, log FROM hosts WHERE id = ?').bind(host).first();

beforeEach(freshOwingHost);

test.each(['fails', 'hangs', 'forgets', { slowMs: 200 }] as const)(
  'a turn runs to its end while D1 %o, its link stays, and the directory is right afterwards',
  async (illness) => {
    forObjectsD1Is(illness);
    const peer = await up('r1', { capabilities: { agents: ['build'], working_dir: '/srv', slots: 2 } });
    const id = newId();

    expect(await say(id)).toEqual({ ok: true, value: { queued: false } });
    expect((await peer.next('commands')).commands).toMatchObject([{ id }]);
    const rows = turnRows(mission, id, crypto.randomUUID());
    peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
    expect((await peer.next('ack')).n).toBe(2);
    peer.send({ type: 'capabilities', agents: ['build', 'plan'], working_dir: '/srv', slots: 2 });
    peer.send(batch('r1', 3, [row(mission, { type: 'turn.error', turn: crypto.randomUUID(), message: 'seen' })]));
    expect((await peer.next('ack')).n).toBe(3);

    objectsD1.is('well');
    await settled();
    expect(await statusOf(mission)).toBe('completed');
    expect(await server()).toMatchObject({ live: 1, agents: '["build","plan"]' });
    expect(peer.order.filter((type) => type === 'commands')).toHaveLength(1);
  },
);

test('an outage is one line of the log when it begins and one when it is over, however often D1 was asked', async () => {
  const said = vi.spyOn(console, 'error');
  const told = vi.spyOn(console, 'log');
  const lines = (spy: typeof said, event: string) =>
    spy.mock.calls.filter(([line]) => String(line).includes(event) && !String(line).includes('socket')).length;
  forObjectsD1Is('fails');
  await object().setStatus(owner, mission, 'blocked');
  for (let alarms = 0; alarms < 5; alarms += 1) {
    objectsAhead(5_000);
    expect(await runDurableObjectAlarm(stub())).toBe(true);
  }
  expect(lines(said, 'directory.away')).toBe(1);
  expect(await inObject((_sql, storage) => storage.getAlarm())).toBeLessThan(Date.now() + 60_000);

  objectsD1.is('well');
  await settled();

  expect(await statusOf(mission)).toBe('blocked');
  expect([lines(said, 'directory.away'), lines(told, 'directory.back')]).toEqual([1, 1]);
});

test('while D1 is away it is asked with a growing wait of at most four seconds', async () => {
  forObjectsD1Is('fails');
  await object().setStatus(owner, mission, 'blocked');
  const waits: number[] = [];
  for (let alarms = 0; alarms < 6; alarms += 1) {
    const until = await inObject((sql) => askAgainAt(sql));
    waits.push(until - objectClock.now());
    objectsAhead(waits.at(-1) ?? 0);
    await runDurableObjectAlarm(stub());
  }
  expect(waits[0]).toBeLessThanOrEqual(500);
  expect(waits[2]).toBeGreaterThan(waits[0] ?? 0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(4_000);
});

test('a mission that D1 refuses holds up no other one, and is told when D1 takes it', async () => {
  await env.DB.exec(
    `CREATE TRIGGER refuse BEFORE UPDATE ON missions WHEN NEW.id = '${mission}' BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  );
  onTestFinished(async () => void (await env.DB.exec('DROP TRIGGER IF EXISTS refuse')));
  const others = [await newMission(), await newMission()];

  for (const id of [mission, ...others]) await object().setStatus(owner, id, 'blocked');

  await vi.waitFor(async () => expect(await Promise.all(others.map(statusOf))).toEqual(['blocked', 'blocked']));
  await vi.waitFor(async () => expect(await owed()).toEqual([{ kind: 'mission', key: mission }]));
  await env.DB.exec('DROP TRIGGER refuse');
  await settled();
  expect(await statusOf(mission)).toBe('blocked');
});

test('however many missions there are, D1 is told a hundred at a time, and the rest after an eviction', async () => {
  const many = 6_000;
  await inObject((sql) =>
    sql.exec(
      `INSERT INTO missions (id, owner, workspace, status, created_at, updated_at)
         SELECT lower(hex(randomblob(4))) || '-0000-4000-8000-' || lower(hex(randomblob(6))), ?, 'w', 'active', 1, 1
           FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n)`,
      owner,
      many - 1,
    ),
  );
  const there = () => env.DB.prepare('SELECT count(*) AS n FROM missions WHERE host = ?').bind(host).first<number>('n');

  expect(await object().setStatus(owner, mission, 'blocked')).toMatchObject({ ok: true });
  await evictDurableObject(stub());

  await settled();
  expect(await there()).toBe(many);
  expect(objectsD1.largestBatch()).toBeLessThanOrEqual(104);
});

test('a mission that is told again is read from what came since, and from its first entry where nothing is kept', async () => {
  const listed = async () => {
    const text = await env.DB.prepare('SELECT history FROM missions WHERE id = ?')
      .bind(mission)
      .first<string>('history');
    return (JSON.parse(text ?? '[]') as { content: string }[]).map(({ content }) => content);
  };
  const peer = await up();
  const turn = async (id: ReturnType<typeof newId>, from: number) => {
    await say(id);
    await peer.next('commands');
    const rows = turnRows(mission, id, crypto.randomUUID());
    peer.send(batch('r1', from, [rows.started, rows.ended('completed')]));
    await peer.next('ack');
    await settled();
  };
  const [first, second] = [newId(), newId()];
  await turn(first, 1);
  await turn(second, 3);
  const before = await listed();
  expect(before.filter((content) => content === 'hello')).toHaveLength(2);

  // What is kept is not read again; what is read again is the same as it was.
  await inObject((sql) => sql.exec("UPDATE commands SET content = 'read again' WHERE id = ?", first));
  await object().setStatus(owner, mission, 'blocked');
  await settled();
  expect(await listed()).toEqual(before);
  await inObject((sql) => sql.exec("UPDATE commands SET content = 'hello' WHERE id = ?", first));
  await inObject((sql) => sql.exec('DELETE FROM previews'));
  await object().setStatus(owner, mission, 'failed');
  await settled();
  expect(await listed()).toEqual(before);

  expect(await object().deleteMission(owner, mission)).toMatchObject({ ok: true });
  objectsAhead(31 * 24 * 3_600_000);
  await settled();
  expect(await inObject((sql) => sql.exec('SELECT * FROM previews').toArray())).toEqual([]);
});

test('an older copy of D1 is noticed by the first thing that it is told, and told everything again', async () => {
  const untouched = await newMission();
  await object().setStatus(owner, untouched, 'failed');
  const copy = await env.DB.prepare('SELECT slice FROM hosts WHERE id = ?').bind(host).first('slice');
  await env.DB.batch([
    env.DB.prepare('DELETE FROM missions WHERE id = ?').bind(untouched),
    env.DB.prepare('UPDATE hosts SET slice = ? WHERE id = ?').bind(Number(copy) - 1, host),
  ]);

  await object().setStatus(owner, mission, 'blocked');

  await settled();
  expect(await statusOf(untouched)).toBe('failed');
});

test('of two things said of a server the newer one stands, whichever comes last', async () => {
  const row = (rev: number, live: boolean) => ({
    id: host,
    log: 'l',
    rev,
    live,
    agents: null,
    workingDir: null,
    full: 0,
    connectedSince: null,
    slots: null,
  });
  const db = directory(env);

  await tellDirectory(db, row(3, true), 0, []);
  await tellDirectory(db, row(2, false), 0, []);

  expect(await server()).toMatchObject({ live: 1, log: 'l' });
});

test('a mission that can not be closed keeps neither the others open nor the alarm from its work', async () => {
  const [broken, old] = [await newMission(), await newMission()];
  forObjectsD1Is('fails');
  await object().setStatus(owner, mission, 'blocked');
  await inObject((sql) => {
    sql.exec('UPDATE missions SET updated_at = 1 WHERE id IN (?, ?)', broken, old);
    sql.exec(
      `CREATE TRIGGER broken BEFORE INSERT ON log WHEN NEW.mission = '${broken}' BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
  });
  objectsD1.is('well');
  objectsAhead(5_000);

  expect(await runDurableObjectAlarm(stub())).toBe(true);

  expect(await object().mission(owner, old)).toMatchObject({ value: { status: 'completed' } });
  expect(await object().mission(owner, broken)).toMatchObject({ value: { status: 'active' } });
  expect(await statusOf(mission)).toBe('blocked');
  const next = await inObject((_sql, storage) => storage.getAlarm());
  expect(next ?? 0).toBeGreaterThan(Date.now() + 3_000);
});
