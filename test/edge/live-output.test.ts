// What running calls print, as viewers see it (protocol §3 "Live output"): at most once, in order, what is missing
// said.
import { env, evictDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId } from '../../shared/ids.ts';
import { outputTailChars } from '../../shared/limits.ts';
import { freshHost, host, newMission, object, owner } from './fresh-host.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';
import { type SeenEvent, type ViewerPeer, watch } from './viewer-peer.ts';

beforeEach(freshHost);

const view = { kind: 'read', path: 'a.txt', firstLine: 1, lastLine: 2, totalLines: 2, bytes: 8 };

/** A mission whose agent has called a tool, which runs. */
const withCall = async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const mission = await newMission();
  const id = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id, mission, content: 'go', agent: null });
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, id, turn);
  const call = `call_${turn}`;
  const watcher = await watch(host, owner);
  peer.send(batch('r1', 1, [rows.started, rows.called]));
  await peer.next('ack');
  const output = (off: number, text: string) => ({ mission, call, off, text });
  const print = (...outputs: object[]): void => peer.send(batch('r1', 1, [], [], outputs));
  return { peer, mission, rows, call, watcher, output, print };
};

const outputsIn = ({ events }: ViewerPeer): unknown[] =>
  events.filter(({ name }) => name === 'output').map(({ data }) => [data.off, data.text]);
const says =
  (text: string) =>
  ({ name, data }: SeenEvent) =>
    name === 'output' && data.text === text;
const snapshotOf = async (viewer: ViewerPeer): Promise<SeenEvent> => viewer.until(({ name }) => name === 'snapshot');

/** All that was sent before has been shown by then. */
const settled = async (peer: HostPeer, viewer: ViewerPeer, mission: string, n: number): Promise<void> => {
  peer.send(batch('r1', n, [row(mission, { type: 'later.said', n })]));
  await viewer.until(({ name, data }) => name === 'later.said' && data.n === n);
};

test('a piece is shown to its owner at once, without an id; not to the existing apps, and to nobody else', async () => {
  const { peer, mission, call, watcher, output, print } = await withCall();
  const [apps, other] = [
    await watch(host, owner, { rendering: 'default' }),
    await watch(host, 'bob', { isAdmin: true }),
  ];

  print(output(0, 'one\n'));
  const seen = await watcher.until(says('one\n'));
  await settled(peer, watcher, mission, 3);

  expect(seen).toEqual({
    id: null,
    name: 'output',
    data: { mission_id: mission, tool_call_id: call, off: 0, text: 'one\n' },
  });
  expect(apps.events.map(({ name }) => name)).not.toContain('output');
  expect(outputsIn(other)).toEqual([]);
});

test('pieces that come with the call and with its result are between both', async () => {
  const { peer, rows, call, mission, watcher, output } = await withCall();
  const second = row(mission, { type: 'tool.called', turn: rows.turn, tool_call_id: 'second', name: 'bash', args: {} });

  peer.send(
    batch('r1', 3, [second, rows.result], [], [output(0, 'late '), { ...output(0, 'early '), call: 'second' }]),
  );
  await watcher.until(says('early '));

  const told = watcher.events.filter(({ name }) => ['tool.called', 'output', 'tool.result'].includes(name));
  expect(told.map(({ name, data }) => [name, data.tool_call_id])).toEqual([
    ['tool.called', call],
    ['tool.called', 'second'],
    ['output', call],
    ['tool.result', call],
    ['output', 'second'],
  ]);
});

test('what is said again is shown once, and what is missing leaves a hole that its place tells', async () => {
  const { peer, mission, watcher, output, print } = await withCall();

  print(output(0, 'one two '));
  print(output(4, 'two three '), output(4, 'two '));
  print(output(0, 'one '));
  print(output(100, 'far on'));
  await watcher.until(says('far on'));
  await settled(peer, watcher, mission, 3);

  expect(outputsIn(watcher)).toEqual([
    [0, 'one two '],
    [8, 'three '],
    [100, 'far on'],
  ]);
});

test('who joins in the middle is shown the end of what was printed, and goes on from there; after the result nothing', async () => {
  const { peer, mission, rows, call, watcher, output, print } = await withCall();
  const size = outputTailChars;
  print(output(0, 'x'.repeat(size)));
  print(output(size, 'the end'));
  await watcher.until(says('the end'));

  const joined = await watch(host, owner);
  const cursor = watcher.cursor();
  print(output(size + 7, ' and on'));
  await joined.until(says(' and on'));

  expect((await snapshotOf(joined)).data.outputs).toEqual([
    { mission_id: mission, tool_call_id: call, off: 7, text: `${'x'.repeat(size - 7)}the end` },
  ]);
  expect((await snapshotOf(await watch(host, owner, { cursor }))).data.outputs).toMatchObject([{ off: 14 }]);
  expect((await snapshotOf(await watch(host, 'bob'))).data.outputs).toEqual([]);
  expect((await snapshotOf(await watch(host, owner, { mission: crypto.randomUUID() }))).data.outputs).toEqual([]);
  peer.send(batch('r1', 3, [rows.result]));
  await peer.next('ack');
  expect((await snapshotOf(await watch(host, owner))).data.outputs).toEqual([]);
});

test('an object that was evicted begins with the next piece, and nothing is shown twice', async () => {
  const { mission, call, watcher, output, print } = await withCall();
  print(output(0, 'before '));
  await watcher.until(says('before '));

  await evictDurableObject(env.HOST.getByName(host));
  print(output(7, 'after'));
  await watcher.until(says('after'));

  expect(outputsIn(watcher)).toEqual([
    [0, 'before '],
    [7, 'after'],
  ]);
  expect((await snapshotOf(await watch(host, owner))).data.outputs).toEqual([
    { mission_id: mission, tool_call_id: call, off: 7, text: 'after' },
  ]);
});

test('pieces of missions that are deleted or unknown are shown to nobody', async () => {
  const { peer, mission, rows, watcher, output, print } = await withCall();
  print({ ...output(0, 'of none'), mission: crypto.randomUUID() });
  peer.send(batch('r1', 3, [rows.ended('completed')]));
  await peer.next('ack');
  await object().deleteMission(owner, mission);
  print(output(0, 'of a deleted one'));
  const other = await newMission();
  await settled(peer, watcher, other, 4);

  expect(outputsIn(watcher)).toEqual([]);
});

test('who prints without end is shown the end of it, whatever it is, and others all of theirs', async () => {
  const { peer, mission, watcher, output, print } = await withCall();
  const id = crypto.randomUUID();
  peer.send(batch('r1', 3, [row(id, { type: 'mission.opened', owner: 'bob', workspace: 'w', title: null })]));
  await peer.next('ack');
  const bob = await watch(host, 'bob');
  const pieces = Array.from({ length: 100 }, (_, piece) => piece);
  print(
    ...pieces.flatMap((piece) => [
      output(piece * outputTailChars, 'x'.repeat(outputTailChars)),
      { mission: id, call: 'quiet', off: piece, text: '.' },
    ]),
  );
  await bob.until(({ name, data }) => name === 'output' && data.off === 99);
  await settled(peer, watcher, mission, 4);

  expect(outputsIn(bob)).toHaveLength(pieces.length);
  expect(outputsIn(watcher).length).toBeLessThan(pieces.length / 2);
  expect((await snapshotOf(await watch(host, owner))).data.outputs).toMatchObject([{ off: 99 * outputTailChars }]);
});

test('a result has the view that its tool says; one that is none is left out, and the apps see neither', async () => {
  const { peer, mission, rows, watcher } = await withCall();
  const apps = await watch(host, owner, { rendering: 'default' });
  const result = (call: string, seen: unknown) =>
    row(mission, { type: 'tool.result', tool_call_id: call, name: 'read', result: call, failed: false, view: seen });
  const large = { kind: 'search', pattern: 'x', path: '/', matches: 1, files: ['x'.repeat(5_000)], isCut: false };

  peer.send(
    batch('r1', 3, [result('good', view), result('large', large), result('odd', { kind: 'film' }), rows.result]),
  );
  const { data: good } = await watcher.until(({ data }) => data.tool_call_id === 'good');
  const { data: last } = await watcher.until(({ name, data }) => name === 'tool.result' && data.name === 'write');

  expect(good).toMatchObject({ result: 'good', view });
  expect(last).not.toHaveProperty('view');
  const results = watcher.events.filter(({ name }) => name === 'tool.result');
  expect(results.map(({ data }) => [data.result, data.view !== undefined])).toEqual([
    ['good', true],
    ['large', false],
    ['odd', false],
    ['ok', false],
  ]);
  await apps.until(({ name, data }) => name === 'tool_result' && data.result === 'good');
  expect(JSON.stringify(apps.events)).not.toContain('view');
});

test('outputs that are none end the link as any bad frame does, and nothing of it is shown', async () => {
  const { peer, output, print } = await withCall();
  print({ ...output(0, 'x'), off: -1 });

  expect((await peer.closed).code).toBe(4004);
});
