import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { pageBytes } from '../../shared/limits.ts';
import { beginningOf } from '../../shared/text.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { breakHost } from './objects-throwing.ts';
import { countReads } from './read-rows.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

let host = '';
let mission: MissionId;
let peer: HostPeer;
let n = 0;
beforeEach(async () => {
  await freshDirectory();
  ({ id: host } = await enrol());
  n = 0;
  mission = missionId.parse(crypto.randomUUID());
  await object().createMission({ id: mission, owner: 'ada', workspace: 'w', title: 't', agent: null, model: null });
  peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
});

const object = () => hostObject(env, host);
const send = async (items: object[]): Promise<void> => {
  peer.send(batch('r1', n + 1, items));
  n += items.length;
  await peer.next('ack');
};
const say = async (content: string) => {
  const id = commandId.parse(crypto.randomUUID());
  expect(await object().message('ada', { id, mission, content, agent: null })).toMatchObject({ ok: true });
  return id;
};
/** A turn that says so much. */
const turn = async (answer: string): Promise<void> => {
  await say('go on');
  const [command] = (await peer.next('commands')).commands;
  const rows = turnRows(mission, command?.id ?? '', crypto.randomUUID());
  await send([rows.started, rows.part, rows.closed(0, answer, answer.length), rows.ended('completed')]);
};
const long = 'x'.repeat(120_000);
/** What an object may read for one page: the page, the row that filled it, and small things. */
const enough = pageBytes + 400_000;

test('a page of events ends at its bytes while it is read, and all pages together have everything', async () => {
  await say('go');
  const [command] = (await peer.next('commands')).commands;
  const rows = turnRows(mission, command?.id ?? '', crypto.randomUUID());
  await send([rows.started]);
  const output = (id: number) =>
    row(mission, { type: 'tool.result', tool_call_id: `c${id}`, name: 'bash', result: long, failed: false });
  for (let each = 0; each < 6; each += 1) await send(Array.from({ length: 10 }, (_, at) => output(each * 10 + at)));
  const reads = await countReads(env.HOST.getByName(host));

  const page = await object().events('ada', mission, { types: null, from: 1, limit: 500 });
  expect(reads.take().chars).toBeLessThan(enough);
  expect(page).toMatchObject({ ok: true, value: { next: { from: expect.any(Number) } } });
  await object().events('ada', mission, { types: ['error'], from: 1, limit: 500 });
  expect(reads.take().chars).toBeLessThan(enough);

  const all = await (await asUser('ada')(`/api/control/missions/${mission}/events?types=tool_result`)).json();
  expect(all).toHaveLength(60);
  const errors = await (await asUser('ada')(`/api/control/missions/${mission}/events?types=error`)).json();
  expect(errors).toEqual([]);
});

test('a long conversation comes whole to clients that name no part, and page by page to those that do', async () => {
  for (let each = 0; each < 10; each += 1) await turn(`${each}${long}`);
  await say('and then');
  await say('and at last');
  const reads = await countReads(env.HOST.getByName(host));
  await object().mission('ada', mission);
  expect(reads.take().chars).toBeLessThan(enough);

  const path = `/api/control/missions/${mission}`;
  const whole: { id: string; history: { content: string }[] } = await (await asUser('ada')(path)).json();
  expect(whole).toMatchObject({ id: mission, workspace_id: expect.any(String) });
  expect(whole).not.toHaveProperty('more');
  expect(whole.history).toHaveLength(22);
  expect(whole.history.at(-1)).toEqual({ role: 'user', content: 'and at last', queued: true });
  const loaded = await (await asUser('ada')(`${path}/load`, { method: 'POST' })).json();
  expect(loaded).toMatchObject({ history: whole.history });
  expect(await (await asUser('ada')('/api/control/missions/current')).json()).toMatchObject({ history: whole.history });

  const part = async (query: string) => {
    const answer = await asUser('ada')(`${path}?${query}`);
    const { history }: { history: unknown[] } = await answer.json();
    return { history, total: answer.headers.get('X-Total-Count') };
  };
  expect(await part('history_offset=20&history_limit=1')).toEqual({
    history: whole.history.slice(20, 21),
    total: '22',
  });
  expect(await part('history_offset=21')).toEqual({ history: whole.history.slice(21), total: '22' });
  expect(await part('history_limit=0')).toEqual({ history: [], total: '22' });
  expect((await part('history_offset=99')).history).toEqual([]);
  const paged: unknown[] = [];
  while (paged.length < 22) paged.push(...(await part(`history_offset=${paged.length}`)).history);
  expect(paged).toEqual(whole.history);
});

test.each(['history_limit=-1', 'history_offset=x', 'history_limit='])(
  '%s is no part of a conversation',
  async (query) => {
    const answer = await asUser('ada')(`/api/control/missions/${mission}?${query}`);

    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/history_(limit|offset)/)]);
  },
);

test('a queue of long messages comes whole, although no answer of the object has more than a page', async () => {
  await turn('done');
  await say('the first runs');
  const ids: string[] = [];
  for (let each = 0; each < 12; each += 1) ids.push(await say(`${each}${long}`));
  const reads = await countReads(env.HOST.getByName(host));
  await object().queued('ada');
  expect(reads.take().chars).toBeLessThan(enough);
  expect(await object().queued('ada', null, ids[9])).toMatchObject({ list: [{ id: ids[10] }], next: ids[10] });
  expect(reads.take().rows, 'a later page looks at nothing of the earlier ones').toBeLessThan(12);
  expect((await object().queued('ada', mission, ids[10])).list).toHaveLength(1);
  expect((await object().queued('bea', mission)).list).toEqual([]);
  reads.take();

  const answer = await asUser('ada')('/api/control/queue');
  const queue: { content: string }[] = await answer.json();
  const part: { content: string }[] = await (await asUser('ada')('/api/control/queue?offset=5&limit=3')).json();

  expect(answer.headers.get('X-Total-Count')).toBe('12');
  expect(part).toEqual(queue.slice(5, 8));
  expect(queue.map(({ content }) => content)).toEqual(Array.from({ length: 12 }, (_, each) => `${each}${long}`));
});

test('a viewer that comes back to many long rows reads a page at a time and misses none', async () => {
  const before = await watch(host, 'ada');
  const cursor = before.cursor();
  before.close();
  for (let each = 0; each < 10; each += 1) await turn(`${each}${long}`);
  const ended = (viewer: typeof before) => viewer.events.filter(({ name }) => name === 'turn.ended').length;

  const back = await watch(host, 'ada', { cursor });

  await back.until(({ name }) => name === 'snapshot');
  expect(ended(back)).toBe(10);
});

test('a stream that joins looks at no text of what waits, only at what it shows', async () => {
  await turn('done');
  await say('the first runs');
  const said: string[] = [];
  const sayMore = async (): Promise<void> => {
    for (let each = 0; each < 20; each += 1) {
      const text = `${said.length} ${'\u{1f511}'.repeat(150)}`;
      said.push(text);
      await say(text);
    }
  };
  const reads = await countReads(env.HOST.getByName(host));
  /** Rows that a join reads. */
  const joined = async (): Promise<number> => {
    reads.take();
    const viewer = await watch(host, 'ada');
    const { data } = await viewer.until(({ name }) => name === 'snapshot');
    expect(data).toMatchObject({
      queue: said.map((text) => ({ mission_id: mission, content: beginningOf(text, 200) })),
    });
    viewer.close();
    return reads.take().rows;
  };
  await sayMore();
  const before = await joined();
  await sayMore();

  expect((await joined()) - before, 'for each of 20 more an entry of an index, and its place').toBeLessThan(50);
});

test('a long queue breaks off where its server fails between two pages, and is never a shorter list', async () => {
  for (let each = 0; each < 12; each += 1) await say(`${each}${long}`);
  const reader = (await asUser('ada')('/api/control/queue')).body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await breakHost(host);

  await expect(
    (async () => {
      while (!(await reader?.read())?.done);
    })(),
  ).rejects.toThrow();
});
