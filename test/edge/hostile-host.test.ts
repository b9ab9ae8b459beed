// What fuzzing found (test/fuzz), each as a case of its own.
import { env } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { noUsage } from '../../shared/events.ts';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { closeCode } from '../../shared/limits.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { batch, dialHost, enrolHost, type HostPeer, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const owner = 'alice';
let host = '';
let peer: HostPeer;

const object = () => hostObject(env, host);
const newCommand = () => commandId.parse(crypto.randomUUID());

const newMission = async (of = owner): Promise<MissionId> => {
  const id = missionId.parse(crypto.randomUUID());
  await object().createMission({ id, owner: of, workspace: 'w', title: null, agent: null, model: null });
  return id;
};

/** A message that is running; its rows so far are n 1 and 2. */
const running = async (of = owner) => {
  const [mission, id, turn] = [await newMission(of), newCommand(), crypto.randomUUID()];
  await object().message(of, { id, mission, content: 'hello', agent: null });
  await peer.next('commands');
  const rows = turnRows(mission, id, turn);
  peer.send(batch('r1', 1, [rows.started, rows.part]));
  await peer.next('ack');
  return { mission, id, turn, rows, part: `prt_${turn}` };
};

const stored = async (mission: MissionId) => {
  const page = await object().events(owner, mission, { types: null, from: 1, limit: 500 });
  if (!page.ok) throw new Error(page.message);
  return page.value.events;
};

beforeEach(async () => {
  host = crypto.randomUUID();
  await enrolHost(host);
  peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
});

const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const called = (more: object) => ({
  type: 'tool.called',
  turn: crypto.randomUUID(),
  tool_call_id: 'c',
  name: 'x',
  ...more,
});

describe('rows that are rejected, and do not keep those behind them from arriving', () => {
  test.each<[string, object]>([
    ['a known event above the limit', called({ args: 'x'.repeat(300_000) })],
    ['an event too large for a row', called({ args: 'x'.repeat(3_000_000) })],
    ['an event nested beyond reading', called({ args: deep(5_000) })],
    ["an edge's event", { type: 'mission.status', status: 'failed', summary: 'forged' }],
    [
      "a message that is nobody's",
      { type: 'message.kept', command: newCommand(), content: 'x', agent: null, queued: true },
    ],
    ["the stream's own reset", { type: 'reset' }],
    ['a sum without end', { type: 'turn.cost', turn: crypto.randomUUID(), usage: { ...noUsage, cost_usd: 1e300 } }],
  ])('%s', async (_, event) => {
    const { mission, rows } = await running();
    const viewer = await watch(host, owner);

    peer.send(batch('r1', 3, [row(mission, event), rows.called]));

    expect((await peer.next('ack')).n).toBe(4);
    await viewer.until(({ name }) => name === 'tool.called');
    expect(viewer.events.map(({ name }) => name)).toEqual(['snapshot', 'log.rejected', 'tool.called']);
  });

  test('a row of a time that no clock can show', async () => {
    const { mission, rows } = await running();

    peer.send(batch('r1', 3, [{ ...rows.called, at: 8_640_000_000_000_001 }, rows.called]));

    expect((await peer.next('ack')).n).toBe(4);
    expect((await stored(mission)).filter(({ event_type }) => event_type === 'tool_call')).toHaveLength(1);
  });

  test("rows that name another mission's command or part", async () => {
    const victim = await running();
    const mission = await newMission('mallory');
    const before = await stored(victim.mission);

    const forged = turnRows(mission, victim.id, victim.turn);
    peer.send(batch('r1', 3, [forged.checkpoint(0, 'forged'), forged.closed(0, 'forged', 6), forged.started]));
    peer.send(batch('r1', 6, [forged.ended('failed')]));
    expect((await peer.next('ack')).n).toBe(5);
    expect((await peer.next('ack')).n).toBe(6);

    expect(await stored(victim.mission)).toEqual(before);
    expect(await object().running(owner)).toMatchObject([{ mission_id: victim.mission, state: 'running' }]);
  });
});

test('a part keeps its length when its text is taken back, however long it is', async () => {
  const { mission, rows, part } = await running();
  const piece = 'x'.repeat(200_000);
  const pieces = Array.from({ length: 12 }, (_, index) => rows.checkpoint(index * piece.length, piece));
  peer.send(batch('r1', 3, pieces));
  await peer.next('ack');

  const cut = 11 * piece.length + 7;
  const takeBack = row(mission, { type: 'part.checkpoint', part, off: cut, text: '', replace: true });
  peer.send(batch('r1', 15, [takeBack, rows.checkpoint(cut, 'yz'), rows.closed(cut + 2, '!', cut + 3)]));

  expect((await peer.next('ack')).n).toBe(17);
  const text = (await stored(mission)).find(({ event_type }) => event_type === 'thinking')?.content ?? '';
  expect([text.length, text.slice(-5)]).toEqual([cut + 3, 'xxyz!']);
});

test('what follows a refused frame on the same socket is of no effect', async () => {
  const { mission, rows } = await running();

  peer.send({ type: 'nonsense' });
  peer.send(batch('r1', 3, [rows.called]));

  expect((await peer.closed).code).toBe(closeCode.badFrame);
  const again = await dialHost(host);
  again.send(hello('r1', { turns: [] }));
  expect((await again.next('welcome')).runs).toEqual([{ run: 'r1', n: 2 }]);
  expect((await stored(mission)).map(({ event_type }) => event_type)).not.toContain('tool_call');
});

test.each<[string, object, number]>([
  ['a second hello', hello('r1'), closeCode.badFrame],
  ['a number beyond exact ones', { type: 'gap', run: 'r1', from: 1, to: Number.MAX_SAFE_INTEGER }, closeCode.badFrame],
  [
    'the name of a run that fills a disk',
    { type: 'gap', run: 'r'.repeat(3_000_000), from: 1, to: 1 },
    closeCode.badFrame,
  ],
  [
    'a run whose name is longer in bytes than a reason may be',
    batch('爆'.repeat(64), 9, [row(null, {})]),
    closeCode.gap,
  ],
])('%s closes the socket with a reason', async (_, frame, code) => {
  peer.send(frame);

  const closed = await peer.closed;
  expect(closed.code).toBe(code);
  expect(new TextEncoder().encode(closed.reason).length).toBeLessThanOrEqual(123);
  expect(closed.reason).not.toBe('');
});

test('a hello of a later version is told so, whatever else it has', async () => {
  const later = await dialHost(host);

  later.send({ type: 'hello', version: 2, renamed: true });

  expect(await later.closed).toMatchObject({ code: closeCode.version, reason: expect.stringContaining('update') });
});

test('no command goes out before the welcome, also when a message comes in the middle of it', async () => {
  const mission = await newMission();
  const again = await dialHost(host);
  again.send(hello('r1'));

  const messages = Array.from({ length: 3 }, () =>
    object().message(owner, { id: newCommand(), mission, content: 'hello', agent: null }),
  );
  await Promise.all([...messages, again.next('commands')]);

  // A message taken in after the welcome moves the log's head, which is told too.
  expect(again.order.filter((type) => type !== 'head').slice(0, 2)).toEqual(['welcome', 'commands']);
});
