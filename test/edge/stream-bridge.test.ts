import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import type { RunningJson } from '../../shared/api.ts';
import { heartbeatMs, rotateMs } from '../../shared/limits.ts';
import { redialMinMs } from '../../worker/lasting-socket.ts';
import { joinMs } from '../../worker/stream/bridge.ts';
import { handClock } from '../support/hand-clock.ts';
import { asUser, enrol, freshDirectory, onHandClock } from './edge.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { accepted, headerOf, playedEdge } from './played-edge.ts';
import { type Block, readStream } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { create, is, says, send, watch } from './viewer.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');
const bob = asUser('bob');

const setStatus = (mission: string, status: string) =>
  ada(`/api/control/missions/${mission}/status`, { method: 'POST', json: { status } });
const running = async (): Promise<string[]> => {
  const list = await (await ada('/api/control/running')).json<RunningJson[]>();
  return list.map((mission) => mission.state);
};

const isStatus = ({ name, data }: Block, state: string, queueLen: number) =>
  name === 'status' && data.state === state && data.queue_len === queueLen;

/** A server whose host is there, running one message. */
const runningTurn = async () => {
  const host = await enrol();
  const peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const mission = await create(ada);
  return { host, peer, mission };
};

test('without a server the stream opens with an idle status and stays open', async () => {
  const stream = await watch(ada);

  expect(stream.response.headers.get('Content-Type')).toBe('text/event-stream');
  expect(stream.response.headers.get('Content-Encoding')).toBeNull();
  await stream.until(({ id }) => id !== null);
  expect(stream.blocks.map(({ text }) => text)).toEqual([
    'event: status\ndata: {"type":"status","state":"idle","queue_len":0}',
    ': keepalive',
    'id: none',
  ]);
});

test('a message is shown on the streams of its owner only, under the id its sender was given', async () => {
  await enrol();
  const [mine, other] = [await watch(ada), await watch(bob)];
  const id = await send(ada, { content: 'für mich' });
  await send(bob, { content: 'for bob' });

  expect((await mine.until(says('für mich'))).data).toMatchObject({ id, type: 'user_message', queued: true });
  await other.until(says('for bob'));
  expect(JSON.stringify(other.blocks)).not.toContain(id);
  expect(mine.blocks.every(({ text }) => /^[\x20-\x7e\n]*$/.test(text))).toBe(true);
});

test('a turn is framed by its statuses: running before what it shows, idle after its answer', async () => {
  const { peer, mission } = await runningTurn();
  const stream = await watch(ada);
  const command = await send(ada, { content: 'go' });
  const rows = turnRows(mission, command, randomUUID());
  peer.send(batch('r1', 1, [rows.started, rows.part, rows.checkpoint(0, 'done')]));
  await stream.until(is('thinking'));
  peer.send(batch('r1', 4, [rows.closed(4, '', 4), rows.ended('completed')]));
  await stream.until(is('assistant_message'));
  await stream.until((block) => block.data.mission_id === mission && isStatus(block, 'idle', 0));

  const order = stream.blocks.flatMap(({ name, data }) => (name === 'status' ? [`${data.state}`] : (name ?? [])));
  expect(order.slice(0, 4)).toEqual(['idle', 'idle', 'running', 'user_message']);
  expect(order.slice(-2)).toEqual(['assistant_message', 'idle']);
  peer.close();
});

test('when one mission ends while another runs, the last status says running', async () => {
  const { peer, mission: first } = await runningTurn();
  const one = turnRows(first, await send(ada, { content: 'one' }), randomUUID());
  const second = await create(ada);
  const two = turnRows(second, await send(ada, { content: 'two' }), randomUUID());
  peer.send(batch('r1', 1, [one.started, two.started, one.part, two.part]));
  await vi.waitFor(async () => expect(await running()).toEqual(['running', 'running']));
  const stream = await watch(ada);
  expect(stream.named('status').map(({ data }) => data.state)).toEqual(['running', 'running']);

  peer.send(batch('r1', 5, [one.closed(0, 'done', 4), one.ended('completed')]));
  await stream.until((block) => isStatus(block, 'idle', 0));
  await vi.waitFor(() => expect(stream.named('status')).toHaveLength(4));
  const last = stream.named('status').slice(-2);
  expect(last.map(({ data }) => [data.state, data.mission_id])).toEqual([
    ['idle', first],
    ['running', second],
  ]);
  peer.close();
});

test('a cancel without anything to cancel is an error on the stream', async () => {
  await enrol();
  const mission = await create(ada);
  const stream = await watch(ada);
  await ada('/api/control/cancel', { method: 'POST' });

  expect((await stream.until(is('error'))).data).toEqual({ type: 'error', message: 'No running task to cancel' });
  expect(mission).toBeDefined();
});

test('a delta stream tells how to come back, and goes on exactly where its last id was, over several pages', async () => {
  const host = await enrol();
  const mission = await create(ada);
  await setStatus(mission, 'failed');
  const before = await watch(ada, '?format=delta');
  expect(before.blocks[0]?.text).toBe('retry: 1000');
  await before.until(is('snapshot'));
  const left = before.cursor();
  await before.leave();
  const object = env.HOST.getByName(host.id);
  const flips: ('active' | 'failed')[] = Array.from({ length: 1_100 }, (_, n) => (n % 2 === 0 ? 'active' : 'failed'));
  await Promise.all(flips.map((status) => object.setStatus('ada', mission, status)));

  const after = await watch(ada, '?format=delta', left);
  await after.until(is('snapshot'));
  const ids = after.blocks.flatMap(({ id, name }) => (name === 'mission.status' ? [Number(id?.split('.')[2])] : []));
  const start = Number(left.split('.')[2]);
  expect(ids).toEqual(Array.from({ length: 1_100 }, (_, index) => start + 1 + index));
  expect(after.named('reset')).toEqual([]);
});

test('an id from the middle of a replay goes on exactly there, whichever life of the object wrote that row', async () => {
  const host = await enrol();
  const mission = await create(ada);
  const start = await watch(ada, '?format=delta');
  await start.until(is('snapshot'));
  await start.leave();
  const object = () => env.HOST.getByName(host.id);
  for (const status of ['failed', 'active', 'failed', 'active'] as const) {
    await object().setStatus('ada', mission, status);
    await evictDurableObject(object(), { webSockets: 'close' });
  }
  const all = await watch(ada, '?format=delta', start.cursor());
  await all.until(is('snapshot'));
  const rows = all.named('mission.status');
  expect(rows).toHaveLength(4);

  for (const [index, { id }] of rows.entries()) {
    const again = await watch(ada, '?format=delta', id ?? '');
    await again.until(is('snapshot'));
    expect(again.named('reset')).toEqual([]);
    expect(again.named('mission.status').map(({ data }) => data.seq)).toEqual(
      rows.slice(index + 1).map(({ data }) => data.seq),
    );
  }
});

test('an id of another time is answered by reset and a snapshot', async () => {
  await enrol();
  await create(ada);
  for (const id of ['garbage', 'a=b', 'now', ',', '%00', `${randomUUID()}.${randomUUID()}.7`]) {
    const stream = await watch(ada, `?format=delta&after=${id}`);
    await stream.until(is('snapshot'));
    expect(stream.named('reset')).toHaveLength(1);
  }
});

test('a default stream with an unreadable id opens, fails as clients know it, and makes them forget that id', async () => {
  const streams = async () => [await watch(ada, '', 'garbage'), await watch(ada, '?after=a=b')];
  const withoutServer = await streams();
  await enrol();
  await create(ada);
  for (const stream of [...withoutServer, ...(await streams())]) {
    await stream.ended;
    expect(stream.blocks[0]).toMatchObject({ name: 'status', data: { state: 'idle' } });
    expect(stream.blocks.at(-1)).toMatchObject({
      id: '',
      data: { type: 'error', message: 'Stream connection failed' },
    });
  }
  const anew = await watch(ada, '', '');
  await send(ada, { content: 'hello' });
  await anew.until(says('hello'));
});

test('an unreadable id is answered by reset where there is no server either', async () => {
  const stream = await watch(ada, '?format=delta', 'garbage');
  await stream.until(is('reset'));
});

test.each([
  ['default', '', 'user_message'],
  ['delta', '?format=delta', 'message.kept'],
])('when the object lets go, a %s stream goes on by itself without a hole or a repeat', async (_, query, message) => {
  const host = await enrol();
  await create(ada);
  const { clock, user } = onHandClock('ada');
  const stream = await watch(user, query);
  await send(ada, { content: 'before' });
  await stream.until(says('before'));
  await evictDurableObject(env.HOST.getByName(host.id), { webSockets: 'close' });
  await send(ada, { content: 'meanwhile' });
  await clock.awaited(redialMinMs);
  clock.advance(redialMinMs);
  await stream.until(says('meanwhile'));
  await send(ada, { content: 'after' });
  await stream.until(says('after'));

  expect(stream.named(message).map(({ data }) => data.content)).toEqual(['before', 'meanwhile', 'after']);
  expect([...stream.named('error'), ...stream.named('reset'), ...stream.named('partial')]).toEqual([]);
});

test('a stream of one mission shows no other', async () => {
  await enrol();
  const [wanted, other] = [await create(ada), await create(ada)];
  const stream = await watch(ada, `?mission_id=${wanted}`);
  await send(ada, { content: 'unwanted', mission_id: other });
  await send(ada, { content: 'wanted', mission_id: wanted });
  await stream.until(says('wanted'));

  expect(JSON.stringify(stream.blocks)).not.toContain('unwanted');
  expect((await ada('/api/control/stream?mission_id=7')).status).toBe(400);
  expect((await ada('/api/control/stream?format=xml')).status).toBe(400);
});

test('a default stream whose server has lost its history sends the client back to start anew', async () => {
  const host = await enrol();
  await create(ada);
  const stream = await watch(ada);
  await send(ada, { content: 'before' });
  await stream.until(says('before'));
  const object = env.HOST.getByName(host.id);
  await runInDurableObject(object, (_, state) => state.storage.deleteAll());
  await evictDurableObject(object, { webSockets: 'close' });
  await stream.ended;

  expect(stream.blocks.at(-1)?.data).toEqual({ type: 'error', message: 'Stream connection failed' });
});

test('a client that leaves takes its socket to the object along', async () => {
  const host = await enrol();
  await create(ada);
  const stream = await watch(ada);
  const sockets = () =>
    runInDurableObject(env.HOST.getByName(host.id), (_, state) => state.getWebSockets('viewer').length);
  expect(await sockets()).toBe(1);
  await stream.leave();

  await vi.waitFor(async () => expect(await sockets()).toBe(0));
});

/** Text in the making for a viewer, of about this size. */
const delta = (mission: string, part: string, off: number, size: number) => ({
  mission,
  part,
  off,
  text: 'x'.repeat(size),
});

test('a viewer that stops reading is closed alone at 1 MiB, and never by a single frame', async () => {
  const { peer, mission } = await runningTurn();
  const command = await send(ada, { content: 'go' });
  const turn = randomUUID();
  const rows = turnRows(mission, command, turn);
  const slow = await ada('/api/control/stream?format=delta');
  const reader = await watch(ada, '?format=delta');
  const size = 100_000;
  peer.send(batch('r1', 1, [rows.started, rows.part], [delta(mission, `prt_${turn}`, 0, 2_000_000)]));
  await reader.until(({ name, data }) => name === 'delta' && data.off === 0);
  for (let n = 0; n < 12; n += 1)
    peer.send(batch('r1', 3, [], [delta(mission, `prt_${turn}`, 2_000_000 + n * size, size)]));
  await reader.until(({ name, data }) => name === 'delta' && data.off === 2_000_000 + 11 * size);

  const stale = readStream(slow);
  await stale.ended;
  expect(stale.named('delta').length).toBeLessThan(12);
  expect(reader.named('delta')).toHaveLength(13);
  peer.send(batch('r1', 3, [rows.closed(0, 'short', 5)]));
  await reader.until(is('part.closed'));
  peer.close();
});

test('one frame of 2 MB reaches a viewer that was not reading when it came', async () => {
  const { peer, mission } = await runningTurn();
  const command = await send(ada, { content: 'go' });
  const turn = randomUUID();
  const rows = turnRows(mission, command, turn);
  const idle = await ada('/api/control/stream?format=delta');
  const witness = await watch(ada, '?format=delta');
  peer.send(batch('r1', 1, [rows.started, rows.part], [delta(mission, `prt_${turn}`, 0, 2_000_000)]));
  peer.send(batch('r1', 3, [], [delta(mission, `prt_${turn}`, 2_000_000, 10)]));
  await witness.until(({ name, data }) => name === 'delta' && data.off === 2_000_000);

  const late = readStream(idle);
  await late.until(({ name, data }) => name === 'delta' && data.off === 2_000_000);
  expect(late.named('delta').map(({ data }) => String(data.text).length)).toEqual([2_000_000, 10]);
  peer.close();
});

test('a silent stream says something every 15 s, and a delta stream ends after about 15 minutes', async () => {
  await enrol();
  await create(ada);
  const { clock, user } = onHandClock('ada');
  const [plain, delta] = [await watch(user), await watch(user, '?format=delta')];
  await delta.until(is('snapshot'));
  const comments = () => plain.blocks.filter(({ text }) => text === ': keepalive').length;
  const before = comments();
  clock.advance(heartbeatMs);
  await vi.waitFor(() => expect(comments()).toBe(before + 1));
  clock.jump(1.1 * rotateMs);
  clock.advance(heartbeatMs);

  await delta.ended;
  await vi.waitFor(() => expect(comments()).toBe(before + 2));
});

test('a socket that answers no ping for two heartbeats is replaced without the viewer noticing', async () => {
  await enrol();
  await create(ada);
  const { clock, user } = onHandClock('ada');
  const stream = await watch(user);
  // Three heartbeats at once, so that no pong can arrive in between.
  clock.advance(3 * heartbeatMs);
  await stream.until(({ text }) => text.includes('trying again'));
  clock.advance(redialMinMs);
  await send(ada, { content: 'hello' });

  await stream.until(says('hello'));
  expect(stream.named('user_message')).toHaveLength(1);
});

test('a stream that began without a server shows the first one enrolled', async () => {
  const [plain, delta] = [await watch(ada), await watch(ada, '?format=delta')];
  await delta.until(is('snapshot'));
  await enrol();
  await send(ada, { content: 'hello' });

  await Promise.all([plain.until(says('hello')), delta.until(says('hello'))]);
  expect(delta.named('mission.created')).toHaveLength(1);
});

test('an id of before there was anything resumes with all of it', async () => {
  const stream = await watch(ada, '?format=delta');
  await stream.until(is('snapshot'));
  await stream.leave();
  await enrol();
  await send(ada, { content: 'missed' });

  const again = await watch(ada, '?format=delta', stream.cursor());
  await again.until(says('missed'));
  expect(again.named('mission.created')).toHaveLength(1);
  expect(again.named('reset')).toEqual([]);
});

test('a stream says how things are within a second although a server takes its time, and shows it when it answers', async () => {
  const answer = Promise.withResolvers<Response>();
  const clock = handClock();
  const played = playedEdge(clock, { slow: () => answer.promise });
  played.tell([{ host: 'slow', live: true }]);
  const stream = played.open();
  await clock.awaited(joinMs);
  expect(stream.blocks).toEqual([]);
  clock.advance(joinMs);
  await stream.until(({ text }) => text === ': keepalive');

  answer.resolve(accepted(`${headerOf()}\nevent: late\ndata: {}\n\n`).response);
  await stream.until(is('late'));
  await stream.leave();
  expect(joinMs).toBeLessThanOrEqual(1_000);
});
