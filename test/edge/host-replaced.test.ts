import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { closeCode } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';
let host = '';
let mission = missionId.parse(crypto.randomUUID());

const object = () => hostObject(env, host);
const newId = () => commandId.parse(crypto.randomUUID());
const say = (id: ReturnType<typeof newId>, content = 'hello') =>
  object().message(owner, { id, mission, content, agent: null });
const up = async (run: string, more: object = {}) => {
  const peer = await dialHost(host);
  peer.send(hello(run, more));
  return { peer, welcome: await peer.next('welcome') };
};
const notes = async () => {
  const viewer = await watch(host, owner, { cursor: first, isAdmin: true });
  await viewer.until((event) => event.name === 'snapshot');
  return viewer.events.filter(({ name }) => name === 'host.note').map(({ data }) => data.code);
};
let first = '';

beforeEach(async () => {
  host = crypto.randomUUID();
  mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  first = (await watch(host, owner)).cursor();
  await object().createMission({ id: mission, owner, workspace: 'w', title: null, agent: null, model: null });
});

test('a host that goes on with its store, or dials again with the same run, is nothing to report', async () => {
  await up('r1');
  await up('r1');
  await up('r2', { welcomed_run: 'r1' });

  expect(await notes()).toEqual([]);
});

test('a host store that is new, older or used twice is said in the log', async () => {
  await up('r1');
  await up('r2', { welcomed_run: null });
  await up('r3', { welcomed_run: 'r1' });
  const { peer } = await up('r4', { welcomed_run: 'r3' });
  await up('r3', { welcomed_run: 'r3' });

  expect((await peer.closed).code).toBe(closeCode.replaced);
  expect(await notes()).toEqual(['host.store_lost', 'host.store_restored', 'host.cloned']);
});

test('a host store put back within one run is noticed by the rows it no longer has', async () => {
  const { peer } = await up('r1');
  const rows = turnRows(mission, newId(), crypto.randomUUID());
  peer.send(batch('r1', 1, [rows.called, rows.result]));
  await peer.next('ack');

  await up('r2', { welcomed_run: 'r1', at: { run: 'r1', n: 1 } });

  expect(await notes()).toEqual(['host.store_restored']);
});

test('what a replaced session still sends changes nothing', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const turn = crypto.randomUUID();
  peer.send(batch('r1', 1, [turnRows(mission, id, turn).started]));
  await peer.next('ack');

  const stub = env.HOST.getByName(host);
  const [old] = await runInDurableObject(stub, (_instance, state) => state.getWebSockets('link'));
  if (!old) throw new Error('no socket of the first session');

  const live = { mission, command: id, turn, state: 'running', since: 1, last_activity: 1 };
  await up('r2', { welcomed_run: 'r1', commands: [id], turns: [live], at: { run: 'r1', n: 1 } });
  // The frame arrives after another session has replaced the one that sent it.
  const late = JSON.stringify({ type: 'turns', turns: [], at: { run: 'r1', n: 1 } });
  await runInDurableObject(stub, (instance) => instance.webSocketMessage(old, late));

  expect(await object().running(owner)).toMatchObject([{ state: 'running', turn_state: 'running' }]);
});

test.each([
  ['a segment', () => ({ segment: 'never-drawn' })],
  ['acknowledged rows', () => ({ acked: { run: 'r1', n: 7 } })],
  ['the end of a segment', ({ segment, seq }: { segment: string; seq: number }) => ({ segment, seq: seq + 1 })],
])(
  'an object that lacks %s its host has seen begins another log, resets viewers and is sent the rows again',
  async (_what, lost) => {
    const id = newId();
    const { peer, welcome } = await up('r1');
    await say(id);
    await peer.next('commands');
    const viewer = await watch(host, owner);
    const cursor = viewer.cursor();
    const rows = turnRows(mission, id, crypto.randomUUID());
    const told = await peer.next('head');

    const again = await up('r1', { commands: [id], runs: ['r1'], at: { run: 'r1', n: 2 }, ...lost(told) });

    expect(again.welcome.log).not.toBe(welcome.log);
    expect(again.welcome.runs).toEqual([{ run: 'r1', n: 0 }]);
    expect((await watch(host, owner, { cursor })).header.reset).toBe(true);
    expect(await env.DB.prepare('SELECT log FROM hosts WHERE id = ?').bind(host).first('log')).toBe(again.welcome.log);
    again.peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
    await again.peer.next('ack');
    await vi.waitFor(async () => {
      const row = await env.DB.prepare('SELECT status, log FROM missions WHERE id = ?').bind(mission).first();
      expect(row).toEqual({ status: 'completed', log: again.welcome.log });
    });
  },
);

test('what people do at the edge moves the head that the host is told, and remembers for the edge', async () => {
  const { peer, welcome } = await up('r1');
  await say(newId(), 'one');
  const waiting = newId();
  await say(waiting, 'two');
  const kept = [await peer.next('head'), await peer.next('head')].at(-1);
  await object().removeQueued(owner, waiting);
  const removed = await peer.next('head');

  expect(removed.seq).toBe((kept?.seq ?? 0) + 1);
  const again = await up('r1', { segment: removed.segment, seq: removed.seq });
  expect(again.welcome.log).toBe(welcome.log);
});

test('messages that waited in an older copy are not sent but shown as lost, once the host has told what it kept', async () => {
  const [running, waiting] = [newId(), newId()];
  const { peer } = await up('r1');
  await say(running, 'one');
  await peer.next('commands');
  await say(waiting, 'two');
  const rows = turnRows(mission, running, crypto.randomUUID());

  const again = await up('r1', { commands: [running], segment: 'never-drawn', at: { run: 'r1', n: 2 } });
  again.peer.send(batch('r1', 1, [rows.started]));
  await again.peer.next('ack');
  expect((await object().queued(owner)).list).toMatchObject([{ id: waiting }]);
  again.peer.send(batch('r1', 2, [rows.ended('completed')]));
  await again.peer.next('ack');

  expect((await object().queued(owner)).list).toEqual([]);
  const page = await object().events(owner, mission, { types: ['assistant_message'], from: 1, limit: 10 });
  expect(page.ok && page.value.events.map(({ metadata }) => metadata.success)).toEqual([true, false]);
  const third = newId();
  await say(third, 'three');
  expect((await again.peer.next('commands')).commands).toMatchObject([{ id: third }]);
});

test('a directory that was replaced by an older copy is projected again at the next hello', async () => {
  const { peer } = await up('r1');
  await object().setStatus(owner, mission, 'blocked');
  await env.DB.batch([
    env.DB.prepare("UPDATE missions SET status = 'active', rev = 1 WHERE id = ?").bind(mission),
    env.DB.prepare("UPDATE hosts SET log = 'yesterday' WHERE id = ?").bind(host),
  ]);
  peer.close();

  await up('r1');

  await vi.waitFor(async () => {
    expect(await env.DB.prepare('SELECT status FROM missions WHERE id = ?').bind(mission).first('status')).toBe(
      'blocked',
    );
  });
});

test('a user who is not in the configuration gets no stream from the object', async () => {
  const response = await env.HOST.getByName(host).fetch('http://host/viewer?owner=carol&rendering=delta', {
    headers: { Upgrade: 'websocket' },
  });

  expect(response.status).toBe(403);
  await response.text();
});

test('a turn without output is shown as quiet, and is never ended for it', async () => {
  const id = newId();
  const { peer } = await up('r1');
  await say(id);
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const live = { mission, command: id, turn, state: 'running', since: 1, last_activity: 1_000_000 };
  peer.send(batch('r1', 1, [turnRows(mission, id, turn).started]));
  peer.send({ type: 'turns', turns: [live], at: { run: 'r1', n: 1 } });
  await peer.next('ack');
  await vi.waitFor(async () => expect(await object().running(owner)).toMatchObject([{ turn_state: 'running' }]));

  objectsAhead(40 * 60_000);
  const [shown] = await object().running(owner);

  expect(shown).toMatchObject({ state: 'running', turn_state: 'quiet', quiet_since: expect.any(String) });
});

test('object tables of a newer program are refused rather than harmed', async () => {
  const stub = env.HOST.getByName(host);
  await runInDurableObject(stub, (_instance, state) => {
    state.storage.sql.exec("UPDATE meta SET value = '99' WHERE key = 'schema'");
  });
  const { migrate } = await import('../../worker/host/tables.ts');

  await runInDurableObject(stub, (_instance, state) => {
    expect(() => migrate(state.storage.sql)).toThrow(/newer/);
    state.storage.sql.exec("UPDATE meta SET value = '1' WHERE key = 'schema'");
  });
});
