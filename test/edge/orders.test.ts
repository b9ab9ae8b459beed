import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId } from '../../shared/ids.ts';
import { maxOpenOrders } from '../../shared/limits.ts';
import { freshHost, host, newMission, object, owner, stub } from './fresh-host.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const dayMs = 86_400_000;
const understands = { agents: null, working_dir: '/root', slots: 4, orders: ['mission.archive', 'mission.delete'] };
beforeEach(freshHost);

const up = async (more: object = {}): Promise<HostPeer> => {
  const peer = await dialHost(host);
  peer.send(hello('r1', { capabilities: understands, ...more }));
  return peer;
};
/** A mission that has run, with the n of the host's next row. */
const ran = async (peer: HostPeer): Promise<{ mission: MissionId; next: number }> => {
  const mission = await newMission();
  const command = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id: command, mission, content: 'hello', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, command, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  return { mission, next: 3 };
};
const finished = (mission: string, command: string, more: object = {}) =>
  row(mission, { type: 'command.finished', command, outcome: 'finished', text: '', ...more });
const orders = (): Promise<unknown[]> =>
  runInDurableObject(stub(), (_object, { storage }) => storage.sql.exec('SELECT kind FROM orders').toArray());
/** Deletes a mission and lets its time in the trash pass. */
const purge = async (mission: MissionId): Promise<void> => {
  await object().deleteMission(owner, mission);
  objectsAhead(31 * dayMs);
  await runDurableObjectAlarm(stub());
};

test('a mission that was closed or deleted is archived by its server, once, and its end changes nothing', async () => {
  const peer = await up();
  await peer.next('welcome');
  const { mission, next } = await ran(peer);
  await object().setStatus(owner, mission, 'completed');
  const { commands } = await peer.next('commands');
  expect(commands).toMatchObject([{ kind: 'mission.archive', mission, args: { workspace: 'w' } }]);
  const viewer = await watch(host, owner, { rendering: 'default' });

  peer.send({ type: 'received', ids: commands.map(({ id }) => id) });
  peer.send(batch('r1', next, [finished(mission, commands[0]?.id ?? '', { of: 'mission.archive' })]));
  await peer.next('ack');

  expect(await orders()).toEqual([]);
  const read = await object().mission(owner, mission);
  expect(read.ok && [read.value.status, read.value.history.length]).toEqual(['completed', 2]);
  peer.send(batch('r1', next + 1, [row(mission, { type: 'turn.error', turn: crypto.randomUUID(), message: 'seen' })]));
  await viewer.until(({ name }) => name === 'error');
  expect(viewer.events.filter(({ name }) => name === 'assistant_message' || name === 'user_message')).toEqual([]);

  await object().deleteMission(owner, mission);
  expect((await peer.next('commands')).commands).toMatchObject([
    { kind: 'mission.archive', mission, args: { deleted: true } },
  ]);
});

test('what a purged mission has on its server is removed there, also if the server is away for weeks', async () => {
  const peer = await up();
  await peer.next('welcome');
  const { mission, next } = await ran(peer);
  peer.close();
  await purge(mission);
  objectsAhead(60 * dayMs);

  const back = await up({ welcomed_run: 'r1', at: { run: 'r1', n: next - 1 } });
  const { commands } = await back.next('commands');
  expect(commands.map(({ kind }) => kind).toSorted()).toEqual(['mission.archive', 'mission.delete']);
  back.send({ type: 'received', ids: commands.map(({ id }) => id) });
  const ends = commands.map(({ id, kind }) => finished(mission, id, { of: kind }));
  back.send(batch('r1', next, ends));
  await back.next('ack');
  // A copy of the store says it again under other numbers.
  back.send(batch('r1', next + 2, ends));
  await back.next('ack');

  expect(await orders()).toEqual([]);
  const rows = await runInDurableObject(stub(), (_object, { storage }) =>
    storage.sql.exec("SELECT body FROM log WHERE mission = ? AND type = 'command.finished'", mission).toArray(),
  );
  expect(rows).toHaveLength(2);
});

test('a server of an older version is given no orders, and all of them once it is updated', async () => {
  const older = await up({ capabilities: { agents: null, working_dir: '/root', slots: 4 } });
  await older.next('welcome');
  const { mission } = await ran(older);
  await object().deleteMission(owner, mission);
  const other = await newMission();
  await object().message(owner, {
    id: commandId.parse(crypto.randomUUID()),
    mission: other,
    content: 'x',
    agent: null,
  });
  expect((await older.next('commands')).commands).toMatchObject([{ kind: 'message', mission: other }]);
  older.close();

  const updated = await up({ welcomed_run: 'r1', at: { run: 'r1', n: 2 } });

  const given = [...(await updated.next('commands')).commands, ...(await updated.next('commands')).commands];
  expect(given.map(({ kind }) => kind)).toEqual(['message', 'mission.archive']);
});

test('one that a server could not carry out ends failed, with a row of no mission, which is for admins', async () => {
  const peer = await up();
  await peer.next('welcome');
  const { mission, next } = await ran(peer);
  await purge(mission);
  const given = [...(await peer.next('commands')).commands, ...(await peer.next('commands')).commands];
  const remove = given.find(({ kind }) => kind === 'mission.delete');
  expect(remove?.args).toMatchObject({ owner });

  // As a version that does not know it would end it: without `of`.
  peer.send(batch('r1', next, [finished(mission, remove?.id ?? '', { outcome: 'failed', text: 'another disk' })]));
  await peer.next('ack');

  expect(await orders()).toEqual([{ kind: 'mission.archive' }]);
  const notes = await runInDurableObject(stub(), (_object, { storage }) =>
    storage.sql.exec<{ body: string }>("SELECT body FROM log WHERE type = 'host.note' AND mission IS NULL").toArray(),
  );
  expect(notes.map(({ body }) => JSON.parse(body))).toMatchObject([
    { code: 'mission.not_removed', text: expect.stringContaining('another disk') },
  ]);
});

test('an order that its server lost is given again under another id', async () => {
  const peer = await up();
  await peer.next('welcome');
  const { mission, next } = await ran(peer);
  await object().setStatus(owner, mission, 'completed');
  const [order] = (await peer.next('commands')).commands;
  peer.send({ type: 'received', ids: [order?.id] });
  peer.send(batch('r1', next, [row(mission, { type: 'turn.error', turn: crypto.randomUUID(), message: 'x' })]));
  await peer.next('ack');
  peer.close();

  const restored = await up({ run: 'r2', welcomed_run: 'r1', at: { run: 'r1', n: next } });
  await restored.next('welcome');

  const [again] = (await restored.next('commands')).commands;
  expect(again).toMatchObject({ kind: 'mission.archive', mission });
  expect(again?.id).not.toBe(order?.id);
});

test(`a server has at most ${maxOpenOrders} orders at a time, and the next as these end`, async () => {
  const peer = await up();
  await peer.next('welcome');
  const { mission, next } = await ran(peer);
  peer.close();
  await runInDurableObject(stub(), (_object, { storage }) => {
    for (let n = 0; n < 150; n++)
      storage.sql.exec(
        "INSERT INTO orders (id, mission, kind, at, workspace) VALUES (?, ?, 'mission.delete', 0, 'w')",
        crypto.randomUUID(),
        n === 0 ? mission : crypto.randomUUID(),
      );
  });

  const back = await up({ welcomed_run: 'r1', at: { run: 'r1', n: next - 1 } });
  const { commands } = await back.next('commands');
  expect(commands).toHaveLength(maxOpenOrders);
  back.send({ type: 'received', ids: commands.map(({ id }) => id) });
  back.send(batch('r1', next, [finished(mission, commands[0]?.id ?? '', { of: 'mission.delete' })]));

  expect((await back.next('commands')).commands).toHaveLength(1);
});
