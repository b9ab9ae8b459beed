import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { closeCode, protocolVersion } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello } from './host-peer.ts';
import { objectClock, objectsAhead } from './object-clock.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';
let host = '';
let mission = missionId.parse(crypto.randomUUID());

const object = () => hostObject(env, host);
const stub = () => env.HOST.getByName(host);
const newId = () => commandId.parse(crypto.randomUUID());
const say = (id: ReturnType<typeof newId>, content = 'hello') =>
  object().message(owner, { id, mission, content, agent: null });
const up = async (run: string, more: object = {}) => {
  const peer = await dialHost(host);
  peer.send(hello(run, more));
  return { peer, welcome: await peer.next('welcome') };
};

beforeEach(async () => {
  host = crypto.randomUUID();
  mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  await object().createMission({ id: mission, owner, workspace: 'w', title: null, agent: null, model: null });
});

test('a message to an absent server waits, is shown as queued, and goes out when the server comes', async () => {
  const id = newId();
  const viewer = await watch(host, owner, { rendering: 'default' });

  expect(await say(id)).toEqual({ ok: true, value: { queued: true } });

  expect((await viewer.until((event) => event.name === 'user_message')).data).toMatchObject({ id, queued: true });
  const { peer } = await up('r1');
  expect((await peer.next('commands')).commands).toMatchObject([
    { id, mission, kind: 'message', args: { content: 'hello' } },
  ]);
  expect(await env.DB.prepare('SELECT live FROM hosts WHERE id = ?').bind(host).first('live')).toBe(1);
});

test('the same message id is taken once, whatever is repeated', async () => {
  const id = newId();
  const { peer } = await up('r1');

  await Promise.all([say(id), say(id), say(id)]);

  expect((await peer.next('commands')).commands).toHaveLength(1);
  expect(await object().mission(owner, mission)).toMatchObject({
    value: { history: [{ role: 'user', content: 'hello' }] },
  });
});

test('a command is sent again until the host has stored it, and not after', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  peer.close();

  const second = await up('r2');
  expect(second.welcome.commands).toEqual([]);
  expect((await second.peer.next('commands')).commands).toMatchObject([{ id, args: { content: 'hello' } }]);
  second.peer.send({ type: 'received', ids: [id] });
  second.peer.send({ type: 'batch', run: 'r2', from: 1, items: [], deltas: [] });
  await evictDurableObject(stub());

  const third = await up('r3', { commands: [id] });
  expect(third.welcome.commands).toMatchObject([{ received: true, command: { id } }]);
});

test('a second message waits for the first and keeps its order', async () => {
  const [first, second] = [newId(), newId()];
  const { peer } = await up('r1');
  await say(first, 'one');
  await peer.next('commands');
  const rows = turnRows(mission, first, crypto.randomUUID());

  expect(await say(second, 'two')).toEqual({ ok: true, value: { queued: true } });
  expect((await object().queued(owner)).list).toMatchObject([{ id: second, content: 'two', agent: null }]);

  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  expect((await peer.next('commands')).commands).toMatchObject([{ id: second }]);
  expect((await object().queued(owner)).list).toEqual([]);
});

test('a removed message never runs and is neither in the stored events nor in the history', async () => {
  const [first, second] = [newId(), newId()];
  const { peer } = await up('r1');
  await say(first, 'one');
  await peer.next('commands');
  await say(second, 'two');

  expect(await object().removeQueued(owner, second)).toEqual({ ok: true, value: null });
  expect(await object().removeQueued(owner, second)).toMatchObject({ ok: false, code: 'not_found' });
  const rows = turnRows(mission, first, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');

  const page = await object().events(owner, mission, { types: null, from: 1, limit: 100 });
  expect(page.ok && page.value.events.map((event) => event.event_type)).toEqual([
    'user_message',
    'mission_status_changed',
    'assistant_message',
  ]);
  expect(await object().mission(owner, mission)).toMatchObject({
    value: { history: [{ role: 'user', content: 'one' }, { role: 'assistant' }] },
  });
});

test('a wish to cancel is sent at once and repeated in every welcome until the host has ended the command', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');

  expect(await object().cancel(owner, mission)).toEqual({ ok: true, value: null });
  expect(await peer.next('interrupt')).toMatchObject({ interrupt: { mission, command: id } });
  peer.close();
  const again = await up('r1', { commands: [id], turns: [], at: { run: 'r1', n: 2 } });
  expect(again.welcome.interrupts).toEqual([{ mission, command: id }]);

  again.peer.send(batch('r1', 2, [rows.ended('cancelled')]));
  await again.peer.next('ack');
  expect(await object().running(owner)).toEqual([]);
  expect((await up('r1')).welcome.interrupts).toEqual([]);
  expect(await object().cancel(owner, mission)).toMatchObject({ ok: false, code: 'not_found' });
});

test('cancelling while the server is away ends the turn here, once, and the host is told later', async () => {
  const id = newId();
  const turn = crypto.randomUUID();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const rows = turnRows(mission, id, turn);
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  peer.close();
  await vi.waitFor(async () =>
    expect(await object().running(owner)).toMatchObject([{ server_away_since: expect.any(String) }]),
  );

  await object().cancel(owner, mission);

  expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'interrupted' } });
  const live = { mission, command: id, turn, state: 'running', since: 1, last_activity: 1 };
  const back = await up('r1', { commands: [id], turns: [live], at: { run: 'r1', n: 3 } });
  expect(back.welcome).toMatchObject({ ended_turns: [turn], interrupts: [{ mission, command: id }] });
  back.peer.send(batch('r1', 2, [rows.called, rows.ended('completed')]));
  await back.peer.next('ack');
  const page = await object().events(owner, mission, { types: ['assistant_message'], from: 1, limit: 100 });
  expect(page.ok && page.value.events).toMatchObject([{ content: 'Task cancelled', metadata: { success: false } }]);
});

test('a command the host does not know is lost only after its rows have arrived', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  peer.send({ type: 'received', ids: [id] });
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.close();

  const back = await up('r1', { commands: [], at: { run: 'r1', n: 2 } });
  expect(await object().running(owner)).toMatchObject([{ mission_id: mission, state: 'queued' }]);
  expect(await object().runningCount(owner)).toBe(0);
  back.peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await back.peer.next('ack');
  expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'completed' } });

  const second = newId();
  await say(second, 'again');
  await back.peer.next('commands');
  back.peer.send({ type: 'received', ids: [second] });
  back.peer.close();
  const viewer = await watch(host, owner);
  await up('r2', { commands: [], at: { run: 'r1', n: 2 } });
  expect((await viewer.until((event) => event.name === 'command.lost')).data).toMatchObject({ command: second });
  expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'interrupted', resumable: true } });
});

test('a turn that the host no longer has is interrupted, so that no mission runs for ever', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  peer.send({ type: 'received', ids: [id] });
  peer.send(batch('r1', 1, [turnRows(mission, id, crypto.randomUUID()).started]));
  await peer.next('ack');
  expect(await object().running(owner)).toMatchObject([{ state: 'running' }]);
  expect(await object().runningCount(owner)).toBe(1);
  expect(await object().runningCount('another')).toBe(0);

  await up('r2', { commands: [], turns: [], at: { run: 'r1', n: 1 } });

  expect(await object().running(owner)).toEqual([]);
  expect(await object().runningCount(owner)).toBe(0);
  expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'interrupted' } });
});

test('the later session of a server wins, and the earlier is told why', async () => {
  const { peer } = await up('r1');

  await up('r2');

  expect((await peer.closed).code).toBe(closeCode.replaced);
});

test.each([
  ['not JSON', 'nonsense', closeCode.badFrame],
  ['a frame before hello', JSON.stringify(batch('r', 1, [])), closeCode.badFrame],
  ['another protocol version', JSON.stringify(hello('r', { version: protocolVersion + 1 })), closeCode.version],
  ['an old epoch', JSON.stringify(hello('r', { epoch: 0 })), closeCode.staleEpoch],
])('the socket is closed with a reason: %s', async (_what, text, code) => {
  const second = await env.HOST.getByName(host).fetch('http://host/link', {
    headers: { Upgrade: 'websocket', 'x-openagent-epoch': '1' },
  });
  const socket = second.webSocket;
  if (!socket) throw new Error('no socket');
  const end = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
  socket.accept();
  socket.send(text);
  expect((await end).code).toBe(code);
  expect((await end).reason).not.toBe('');
});

test('status, title and cost reach the directory, and a deletion leaves a tombstone', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id, 'Please count to three');
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  await object().setStatus(owner, mission, 'not_feasible');

  const listed = await env.DB.prepare('SELECT * FROM missions WHERE id = ?').bind(mission).first();
  expect(listed).toMatchObject({ status: 'not_feasible', title: 'Please count to three', cost_usd: 0.02, owner });

  await object().deleteMission(owner, mission);
  const deleted = await env.DB.prepare('SELECT * FROM missions WHERE id = ?').bind(mission).first();
  expect(deleted).toMatchObject({ deleted_at: expect.any(Number), in_trash: 1, history: '[]' });
});

test('a server is called live from its first command until it has been quiet for a while', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const live = () => env.DB.prepare('SELECT live FROM hosts WHERE id = ?').bind(host).first('live');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  await vi.waitFor(async () => expect(await runDurableObjectAlarm(stub())).toBe(true));
  expect(await live()).toBe(1);

  objectsAhead(60_000);
  expect(await runDurableObjectAlarm(stub())).toBe(true);

  expect(await live()).toBe(0);
  // Nothing is left but the look whether the server is still connected.
  const next = await runInDurableObject(stub(), (_object, { storage }) => storage.getAlarm());
  expect(next).toBeGreaterThan(objectClock.now() + 5 * 60_000);
});

test('an alarm that fires twice has no second effect', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const rows = turnRows(mission, id, crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
  await peer.next('ack');
  const viewer = await watch(host, owner);
  const before = viewer.cursor();

  await runInDurableObject(stub(), async (instance) => {
    await instance.alarm();
    await instance.alarm();
  });

  const again = await watch(host, owner);
  expect(again.cursor()).toBe(before);
  expect(await object().running(owner)).toEqual([]);
  const row = await env.DB.prepare('SELECT count(*) AS n FROM missions WHERE host = ?').bind(host).first('n');
  expect(row).toBe(1);
});
