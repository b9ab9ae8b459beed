import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { commandId, missionId } from '../../shared/ids.ts';
import { closeCode } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';
let host = '';
let mission = missionId.parse(crypto.randomUUID());

const object = () => hostObject(env, host);
const stub = () => env.HOST.getByName(host);

const start = async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const id = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id, mission, content: 'hello', agent: null });
  const { commands } = await peer.next('commands');
  return { peer, id, turn: crypto.randomUUID(), commands };
};

const stored = async () => {
  const page = await object().events(owner, mission, { types: null, from: 1, limit: 500 });
  if (!page.ok) throw new Error(page.message);
  return page.value.events;
};

beforeEach(async () => {
  host = crypto.randomUUID();
  mission = missionId.parse(crypto.randomUUID());
  await enrolHost(host);
  await object().createMission({ id: mission, owner, workspace: 'w', title: null, agent: null, model: null });
});

describe('the append rule', () => {
  test('a repeated batch is acknowledged and not appended twice', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);

    peer.send(batch('r1', 1, [rows.started, rows.called]));
    peer.send(batch('r1', 1, [rows.started, rows.called, rows.result]));

    expect((await peer.next('ack')).n).toBe(2);
    expect((await peer.next('ack')).n).toBe(3);
    expect((await stored()).map((event) => event.event_type)).toEqual(['user_message', 'tool_call', 'tool_result']);
  });

  test('a hole in n closes the socket and changes nothing', async () => {
    const { peer, id, turn } = await start();

    peer.send(batch('r1', 2, [turnRows(mission, id, turn).started]));

    expect(await peer.closed).toMatchObject({ code: closeCode.gap, reason: 'expected n 1 of run r1' });
    expect((await stored()).length).toBe(1);
  });

  test('the same fact under another run is not stored again, and n goes on', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const src = (seq: number) => ({ source: 's', session: 'ses_1', seq, event: `evt_${seq}`, index: 0 });
    peer.send(batch('r1', 1, [rows.started, { ...rows.called, src: src(7) }]));
    await peer.next('ack');

    peer.send(
      batch('r2', 1, [
        { ...rows.called, src: src(7) },
        { ...rows.result, src: src(8) },
      ]),
    );

    expect(await peer.next('ack')).toMatchObject({ run: 'r2', n: 2 });
    expect((await stored()).filter((event) => event.event_type === 'tool_call')).toHaveLength(1);
    expect((await stored()).filter((event) => event.event_type === 'tool_result')).toHaveLength(1);
  });

  test('a poison row becomes log.rejected and the rows behind it arrive', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const viewer = await watch(host, owner);

    peer.send(
      batch('r1', 1, [rows.started, { nonsense: true }, row(mission, { type: 'tool.called', turn: 3 }), rows.called]),
    );

    expect((await peer.next('ack')).n).toBe(4);
    const rejected = await viewer.until((event) => event.name === 'log.rejected' && event.data.n === 3);
    expect(String(rejected.data.reason)).toContain('tool.called');
    expect((await stored()).map((event) => event.event_type)).toEqual(['user_message', 'tool_call']);
  });

  test('an event type of a later version is stored and shown as it is', async () => {
    const { peer } = await start();
    const viewer = await watch(host, owner);

    peer.send(batch('r1', 1, [row(mission, { type: 'future.thing', answer: 42 })]));

    const seen = await viewer.until((event) => event.name === 'future.thing');
    expect(seen.data).toMatchObject({ answer: 42, mission_id: mission });
  });

  test('rows of a deleted mission are skipped and n goes on', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    peer.send(batch('r1', 1, [rows.started, rows.ended('completed')]));
    await peer.next('ack');
    expect(await object().deleteMission(owner, mission)).toMatchObject({ ok: true });

    peer.send(batch('r1', 3, [rows.called]));

    expect((await peer.next('ack')).n).toBe(3);
    expect(await object().mission(owner, mission)).toMatchObject({ ok: false, code: 'not_found' });
  });

  test('an unknown mission is adopted from mission.opened only', async () => {
    const { peer } = await start();
    const other = crypto.randomUUID();
    const rows = turnRows(other, crypto.randomUUID(), crypto.randomUUID());

    peer.send(batch('r1', 1, [rows.called, rows.opened, rows.called]));

    expect((await peer.next('ack')).n).toBe(3);
    const page = await object().events(owner, other, { types: null, from: 1, limit: 10 });
    expect(page.ok && page.value.events.map((event) => event.event_type)).toEqual(['tool_call']);
  });
});

describe('text', () => {
  test('overlapping checkpoints add only what is new, and the end mends everything', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);

    peer.send(
      batch('r1', 1, [
        rows.started,
        rows.part,
        rows.checkpoint(0, 'Hello '),
        rows.checkpoint(0, 'Hello w'),
        rows.checkpoint(900, 'never'),
        rows.closed(7, 'orld', 11),
        rows.ended('completed'),
      ]),
    );
    await peer.next('ack');

    const events = await stored();
    expect(events.find((event) => event.event_type === 'thinking')).toMatchObject({
      content: 'Hello world',
      metadata: { done: true },
    });
    expect(events.at(-1)).toMatchObject({
      event_type: 'assistant_message',
      content: 'Hello world',
      metadata: { success: true, cost_cents: 2 },
    });
    expect(events.map((event) => event.sequence)).toEqual(events.map((_, index) => index + 1));
  });

  test('a turn that ends with an open part keeps what was stored of it', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);

    peer.send(batch('r1', 1, [rows.started, rows.part, rows.checkpoint(0, 'half'), rows.ended('interrupted')]));
    await peer.next('ack');

    const thinking = (await stored()).find((event) => event.event_type === 'thinking');
    expect(thinking).toMatchObject({ content: 'half', metadata: { done: true } });
    expect(await object().mission(owner, mission)).toMatchObject({ value: { status: 'interrupted', resumable: true } });
  });
});

describe('viewers', () => {
  test('a viewer resumes by its cursor without loss or repetition, across an eviction', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const first = await watch(host, owner);
    peer.send(batch('r1', 1, [rows.started, rows.part, rows.checkpoint(0, 'one ')]));
    await first.until((event) => event.name === 'part.checkpoint');
    first.close();
    await evictDurableObject(stub());
    peer.send(
      batch(
        'r1',
        4,
        [rows.checkpoint(4, 'two '), rows.called],
        [{ mission, part: `prt_${turn}`, off: 8, text: 'three' }],
      ),
    );
    await peer.next('ack');
    await peer.next('ack');

    const second = await watch(host, owner, { cursor: first.cursor() });
    const snapshot = await second.until((event) => event.name === 'snapshot');

    expect(second.header).toMatchObject({ mode: 'replay', reset: false });
    expect(second.events.map((event) => event.name)).toEqual(['tool.called', 'snapshot']);
    expect(snapshot.data.parts).toMatchObject([{ text: 'one two three' }]);
    peer.send(batch('r1', 6, [rows.closed(8, 'three', 13)]));
    expect((await second.until((event) => event.name === 'part.closed')).data.text).toBe('one two three');
  });

  test('the end of a turn is shown as idle although the object was evicted in between', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const viewer = await watch(host, owner);
    peer.send(batch('r1', 1, [rows.started]));
    await viewer.until((event) => event.name === 'turn.started');
    await evictDurableObject(stub());

    peer.send(batch('r1', 2, [rows.ended('completed')]));
    await viewer.until((event) => event.name === 'turn.ended');

    expect(viewer.changes.at(-1)).toEqual({ mission_id: mission, state: 'idle', queue_len: 0 });
  });

  test.each(['garbage', '', 'a.b.1', `${'x'.repeat(70)}.s.1`])(
    'a cursor that is not of this log gets a reset: %j',
    async (cursor) => {
      if (cursor === '') return expect((await watch(host, owner)).header.reset).toBe(false);
      const viewer = await watch(host, owner, { cursor });

      expect(viewer.header.reset).toBe(true);
      expect((await viewer.until((event) => event.name === 'snapshot')).data).toBeDefined();
      expect(viewer.events[0]?.name).toBe('reset');
    },
  );

  test('another user sees nothing of it', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const stranger = await watch(host, 'mallory');
    const own = await watch(host, owner);

    peer.send(batch('r1', 1, [rows.started, rows.part], [{ mission, part: `prt_${turn}`, off: 0, text: 'secret' }]));
    peer.send(batch('r1', 3, [rows.closed(0, 'secret', 6), rows.ended('completed')]));
    await own.until((event) => event.name === 'turn.ended');

    expect(stranger.events.map((event) => event.name)).toEqual(['snapshot']);
    expect(stranger.header.running).toEqual([]);
    expect(await object().mission('mallory', mission)).toMatchObject({ ok: false, code: 'not_found' });
    expect(await object().events('mallory', mission, { types: null, from: 1, limit: 10 })).toMatchObject({ ok: false });
    expect(await object().running('mallory')).toEqual([]);
    expect((await object().queued('mallory')).list).toEqual([]);
    expect(await object().cancel('mallory', mission)).toMatchObject({ ok: false });
    expect(await object().deleteMission('mallory', mission)).toMatchObject({ ok: false });
  });

  test('the default rendering keeps the order the existing apps expect', async () => {
    const { peer, id, turn } = await start();
    const rows = turnRows(mission, id, turn);
    const viewer = await watch(host, owner, { rendering: 'default' });

    peer.send(batch('r1', 1, [rows.started, rows.part], [{ mission, part: `prt_${turn}`, off: 0, text: 'Hi' }]));
    peer.send(batch('r1', 3, [rows.called, rows.result, rows.closed(0, 'Hi', 2), rows.ended('completed')]));
    await viewer.until((event) => event.name === 'assistant_message');

    expect(viewer.events.map((event) => event.name)).toEqual([
      'user_message',
      'agent_tree',
      'agent_phase',
      'thinking',
      'tool_call',
      'tool_result',
      'thinking',
      'mission_status_changed',
      'agent_tree',
      'assistant_message',
    ]);
    expect(viewer.events[0]?.data).toMatchObject({ id, content: 'hello', queued: false, mission_id: mission });
    expect(viewer.events.at(-1)?.data).toMatchObject({ content: 'Hi', success: true, cost_cents: 2, model: 'lab/m1' });
  });
});
