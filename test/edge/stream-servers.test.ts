import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { heartbeatMs } from '../../shared/limits.ts';
import { lookMs } from '../../worker/stream/bridge.ts';
import { asUser, type EnrolledHost, enrol, freshDirectory, onHandClock } from './edge.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { readStream, type StreamReader } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { create, is, says, send, watch } from './viewer.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');
const bob = asUser('bob');

const contents = (stream: StreamReader): unknown[] => stream.named('message.kept').map(({ data }) => data.content);
const hostsIn = (cursor: string): string[] => cursor.split(',').map((entry) => entry.split('=')[0] ?? '');
const viewersOf = (host: EnrolledHost): Promise<number> =>
  runInDurableObject(env.HOST.getByName(host.id), (_, state) => state.getWebSockets('viewer').length);

/** A server, older than the next, with a mission of `as`. */
let age = 0;
const server = async (as = ada) => {
  const host = await enrol();
  age += 1;
  await env.DB.prepare('UPDATE hosts SET created_at = ? WHERE id = ?').bind(age, host.id).run();
  const mission = await create(as, { workspace_id: host.workspaceId });
  return { host, mission };
};

/** Its host comes and starts the mission's next message. */
const goLive = async ({ host, mission }: { host: EnrolledHost; mission: string }, content: string, as = ada) => {
  const peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const command = await send(as, { content, mission_id: mission });
  const rows = turnRows(mission, command, randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  return { peer, rows };
};

const goQuiet = async ({ host }: { host: EnrolledHost }, { peer, rows }: Awaited<ReturnType<typeof goLive>>) => {
  peer.send(batch('r1', 2, [rows.ended('completed')]));
  await peer.next('ack');
  await env.DB.prepare('UPDATE hosts SET live = 0 WHERE id = ?').bind(host.id).run();
};

const many = async (count: number) => {
  const servers = [];
  for (let n = 0; n < count; n += 1) servers.push(await server());
  return servers as [Awaited<ReturnType<typeof server>>, ...Awaited<ReturnType<typeof server>>[]];
};

test('with two servers every id resumes both', async () => {
  const [one, two] = [await enrol(), await enrol()];
  const first = await create(ada, { workspace_id: one.workspaceId });
  const second = await create(ada, { workspace_id: two.workspaceId });
  const stream = await watch(ada, '?format=delta');
  await send(ada, { content: 'one', mission_id: first });
  await send(ada, { content: 'two', mission_id: second });
  await Promise.all([stream.until(says('one')), stream.until(says('two'))]);
  const last = stream.cursor();
  await stream.leave();
  expect(
    last
      .split(',')
      .map((entry) => entry.split('=')[0])
      .sort(),
  ).toEqual([one.id, two.id].sort());

  await send(ada, { content: 'three', mission_id: first });
  await send(ada, { content: 'four', mission_id: second });
  const again = await watch(ada, '?format=delta', last);
  await Promise.all([again.until(says('three')), again.until(says('four'))]);
  expect(
    again
      .named('message.kept')
      .map(({ data }) => data.content)
      .sort(),
  ).toEqual(['four', 'three']);
  expect(again.named('reset')).toEqual([]);
});

test('a server enrolled while a stream is open is joined from its first event', async () => {
  const first = await server();
  const { clock, user } = onHandClock('ada');
  const stream = await watch(user, '?format=delta');
  await stream.until(is('snapshot'));
  const second = await server();
  await send(ada, { content: 'before anyone looked', mission_id: second.mission });
  clock.advance(heartbeatMs);
  await stream.until(says('before anyone looked'));
  await send(ada, { content: 'after', mission_id: second.mission });
  await stream.until(says('after'));

  expect(stream.named('mission.created').map(({ data }) => data.mission_id)).toEqual([second.mission]);
  expect(hostsIn(stream.cursor()).sort()).toEqual([first.host.id, second.host.id].sort());
});

test('an id of before a server was enrolled resumes with everything of that server', async () => {
  const first = await server();
  const stream = await watch(ada, '?format=delta');
  await send(ada, { content: 'seen', mission_id: first.mission });
  await stream.until(says('seen'));
  const left = stream.cursor();
  await stream.leave();
  expect(left).not.toContain('=');
  const second = await server();
  await send(ada, { content: 'missed there', mission_id: second.mission });
  await send(ada, { content: 'missed here', mission_id: first.mission });

  const again = await watch(ada, '?format=delta', left);
  await Promise.all([again.until(says('missed there')), again.until(says('missed here'))]);
  expect(contents(again)).toHaveLength(2);
  expect(again.named('reset')).toEqual([]);
});

test('with more than four servers a quiet one has no socket, and every id still names it', async () => {
  const servers = await many(6);
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(6));
  await vi.waitFor(async () =>
    expect(await Promise.all(servers.map(({ host }) => viewersOf(host)))).toEqual([1, 1, 1, 1, 0, 0]),
  );
  await send(ada, { content: 'shown', mission_id: servers[0].mission });
  await stream.until(says('shown'));

  expect(hostsIn(stream.cursor()).sort()).toEqual(servers.map(({ host }) => host.id).sort());
  expect(stream.cursor()).not.toContain('=now');
  expect(stream.named('partial')).toEqual([]);
});

test('a server without a socket is joined where it was left when something begins there', async () => {
  const servers = await many(5);
  const fifth = servers[4] ?? servers[0];
  const { clock, user } = onHandClock('ada');
  const stream = await watch(user, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(5));
  await send(ada, { content: 'while nobody watched', mission_id: fifth.mission });
  const { peer } = await goLive(fifth, 'go');
  clock.advance(lookMs);

  await stream.until(({ name, data }) => name === 'turn.started' && data.mission_id === fifth.mission);
  expect(contents(stream)).toEqual(['while nobody watched', 'go']);
  await vi.waitFor(async () =>
    expect(await Promise.all(servers.map(({ host }) => viewersOf(host)))).toEqual([1, 1, 1, 0, 1]),
  );
  peer.close();
});

test('what happened on servers without a socket while the viewer was away is shown when it is back', async () => {
  const servers = await many(6);
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(6));
  await send(ada, { content: 'last seen', mission_id: servers[0].mission });
  await stream.until(says('last seen'));
  const left = stream.cursor();
  await stream.leave();
  for (const [n, { mission }] of servers.entries()) await send(ada, { content: `missed ${n}`, mission_id: mission });

  const again = await watch(ada, '?format=delta', left);
  await vi.waitFor(() => expect(contents(again)).toHaveLength(6));
  expect(contents(again).sort()).toEqual([0, 1, 2, 3, 4, 5].map((n) => `missed ${n}`));
});

test('live servers beyond four are named, not left out in silence, until there is room for them', async () => {
  const servers = await many(5);
  const peers: Awaited<ReturnType<typeof goLive>>[] = [];
  for (const one of servers) peers.push(await goLive(one, 'go'));
  const { clock, user } = onHandClock('ada');
  const [delta, plain] = [await watch(user, '?format=delta'), await watch(user)];
  const [left] = (await delta.until(is('partial'))).data.hosts as string[];
  await plain.until(({ text }) => text.startsWith(': not shown') && text.includes(String(left)));
  expect(left).toBe(servers[4]?.host.id);

  await goQuiet(servers[1] ?? servers[0], peers[1] as (typeof peers)[0]);
  clock.advance(lookMs);
  await delta.until(({ name, data }) => name === 'partial' && String(data.hosts) === '');
  await send(ada, { content: 'now shown', mission_id: servers[4]?.mission });
  await Promise.all([delta.until(says('now shown')), plain.until(says('now shown'))]);
  for (const { peer } of peers) peer.close();
});

test("another user's work is no reason to join a server", async () => {
  const own = await many(4);
  const foreign = await server(bob);
  const { peer } = await goLive(foreign, 'for bob', bob);
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(5));

  await vi.waitFor(async () => expect(await viewersOf(foreign.host)).toBe(0));
  expect(await Promise.all(own.map(({ host }) => viewersOf(host)))).toEqual([1, 1, 1, 1]);
  expect(stream.named('partial')).toEqual([]);
  expect(JSON.stringify(stream.blocks)).not.toContain('for bob');
  peer.close();
});

const removeServer = ({ host }: { host: EnrolledHost }) => ada(`/api/hosts/${host.id}`, { method: 'DELETE' });

test('how things ended on a server that was removed is shown, also to a viewer who was away', async () => {
  const [first, second] = [await server(), await server()];
  const { peer } = await goLive(second, 'go');
  const [open, away] = [await watch(ada, '?format=delta'), await watch(ada, '?format=delta')];
  await vi.waitFor(() => expect(away.named('snapshot')).toHaveLength(2));
  await away.leave();
  await removeServer(second);
  await open.until(is('turn.ended'));

  const back = await watch(ada, '?format=delta', away.cursor());
  const ended = await back.until(is('turn.ended'));
  expect(ended.data).toMatchObject({ mission_id: second.mission, outcome: 'interrupted' });
  const fresh = await watch(ada, '?format=delta');
  await send(ada, { content: 'elsewhere', mission_id: first.mission });
  await fresh.until(says('elsewhere'));
  expect(fresh.named('snapshot')).toHaveLength(1);
  const page = await watch(ada, `?format=delta&mission_id=${second.mission}`);
  expect((await page.until(is('snapshot'))).data).toMatchObject({ running: [] });
  peer.close();
});

test('when one of several servers has lost its history, a delta stream ends with a reset and starts anew with all', async () => {
  const [first, second] = [await server(), await server()];
  const stream = await watch(ada, '?format=delta');
  await send(ada, { content: 'one', mission_id: first.mission });
  await send(ada, { content: 'two', mission_id: second.mission });
  await Promise.all([stream.until(says('one')), stream.until(says('two'))]);
  const left = stream.cursor();
  const object = env.HOST.getByName(second.host.id);
  await runInDurableObject(object, (_, state) => state.storage.deleteAll());
  await evictDurableObject(object, { webSockets: 'close' });
  await stream.ended;

  const again = readStream(await ada('/api/control/stream?format=delta', { headers: { 'Last-Event-ID': left } }));
  await again.ended;
  expect(again.blocks.at(-1)).toMatchObject({ id: 'reset', name: 'reset' });
  const anew = await watch(ada, '?format=delta', again.cursor());
  await vi.waitFor(() => expect(anew.named('snapshot')).toHaveLength(2));
  const names = anew.blocks.map(({ name }) => name).filter((name) => name === 'reset' || name === 'snapshot');
  expect(names).toEqual(['reset', 'snapshot', 'snapshot']);
});

test('a directory that is away for a moment costs a stream nothing but the look', async () => {
  const first = await server();
  const { clock, user } = onHandClock('ada');
  const stream = await watch(user, '?format=delta');
  await stream.until(is('snapshot'));
  await env.DB.prepare('ALTER TABLE hosts RENAME TO hosts_away').run();
  clock.advance(heartbeatMs);
  await vi.waitFor(() => expect(stream.blocks.filter(({ text }) => text === ': keepalive')).toHaveLength(2));
  await env.DB.prepare('ALTER TABLE hosts_away RENAME TO hosts').run();
  await send(ada, { content: 'still here', mission_id: first.mission });

  await stream.until(says('still here'));
});
