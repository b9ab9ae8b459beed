import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { accountOf } from '../../worker/account/account-of.ts';
import { parseStreamId } from '../../worker/stream/stream-id.ts';
import { asUser, type EnrolledHost, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, hello } from './host-peer.ts';
import { readStream, type StreamReader } from './stream-reader.ts';
import { turnRows } from './turn-rows.ts';
import { create, is, says, send, watch } from './viewer.ts';

beforeEach(freshDirectory);

const ada = asUser('ada');
const bob = asUser('bob');

const contents = (stream: StreamReader): unknown[] => stream.named('message.kept').map(({ data }) => data.content);
const viewersOf = (host: EnrolledHost): Promise<number> =>
  runInDurableObject(env.HOST.getByName(host.id), (_, state) => state.getWebSockets('viewer').length);
const viewersOfAll = (servers: Server[]): Promise<number[]> => Promise.all(servers.map(({ host }) => viewersOf(host)));
const knownTo = async (owner: string, { host }: Server) =>
  (await accountOf(env, owner).servers()).find((each) => each.host === host.id);

type Server = { host: EnrolledHost; mission: string };

/** A server with a mission of `as`, whose account has heard of it. */
const server = async (as = ada, owner = 'ada'): Promise<Server> => {
  const host = await enrol();
  const made = { host, mission: await create(as, { workspace_id: host.workspaceId }) };
  await expect.poll(() => knownTo(owner, made)).toBeDefined();
  return made;
};

/** Its host comes and starts the mission's next message. */
const goLive = async (of: Server, content: string, as = ada, owner = 'ada') => {
  const { host, mission } = of;
  const peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const command = await send(as, { content, mission_id: mission });
  const rows = turnRows(mission, command, randomUUID());
  peer.send(batch('r1', 1, [rows.started]));
  await peer.next('ack');
  await expect.poll(async () => (await knownTo(owner, of))?.live).toBe(true);
  return { peer, rows };
};

/** The turn ends, and the minute passes after which a server is called quiet. */
const goQuiet = async (of: Server, { peer, rows }: Awaited<ReturnType<typeof goLive>>) => {
  peer.send(batch('r1', 2, [rows.ended('completed')]));
  await peer.next('ack');
  const known = await knownTo('ada', of);
  await accountOf(env, 'ada').serverChanged({
    ...{ host: of.host.id, log: '', since: '', ...known },
    rev: 1_000,
    live: false,
  });
};

const many = async (count: number): Promise<[Server, ...Server[]]> => {
  const servers: Server[] = [];
  for (let n = 0; n < count; n += 1) servers.push(await server());
  return servers as [Server, ...Server[]];
};

test('with two servers every id resumes both, and is short', async () => {
  const [one, two] = [await server(), await server()];
  const stream = await watch(ada, '?format=delta');
  await send(ada, { content: 'one', mission_id: one.mission });
  await send(ada, { content: 'two', mission_id: two.mission });
  await Promise.all([stream.until(says('one')), stream.until(says('two'))]);
  const last = stream.cursor();
  await stream.leave();
  expect(last.length).toBeLessThanOrEqual(200);

  await send(ada, { content: 'three', mission_id: one.mission });
  await send(ada, { content: 'four', mission_id: two.mission });
  const again = await watch(ada, '?format=delta', last);
  await Promise.all([again.until(says('three')), again.until(says('four'))]);
  expect(contents(again).sort()).toEqual(['four', 'three']);
  expect(again.named('reset')).toEqual([]);
});

test('an id that names all servers, as they were before, is still taken', async () => {
  const [one, two] = [await server(), await server()];
  const positions = await Promise.all(
    [one, two].map(async ({ host, mission }) => {
      const own = await watch(ada, `?format=delta&mission_id=${mission}`);
      await own.until(is('snapshot'));
      return `${host.id}=${own.cursor()}`;
    }),
  );
  await send(ada, { content: 'missed', mission_id: two.mission });

  const again = await watch(ada, '?format=delta', positions.join(','));
  await again.until(says('missed'));
  expect(contents(again)).toEqual(['missed']);
  expect(again.named('reset')).toEqual([]);
});

test('of an id whose positions are kept no more a stream starts anew, and says so', async () => {
  await many(2);
  const [plain, delta] = [await watch(ada, '', 'AAAABBBBCCCC~1.7'), await watch(ada, '?format=delta', 'AAAABBBBCCCC')];
  await plain.ended;
  await vi.waitFor(() => expect(delta.named('snapshot')).toHaveLength(2));

  expect(plain.blocks.at(-1)).toMatchObject({ id: '', data: { message: 'Stream connection failed' } });
  expect(delta.named('reset')).toHaveLength(1);
});

test('a server enrolled while a stream is open is joined from its first event', async () => {
  await server();
  const stream = await watch(ada, '?format=delta');
  await stream.until(is('snapshot'));
  const second = await enrol();
  const mission = await create(ada, { workspace_id: second.workspaceId });
  await send(ada, { content: 'first there', mission_id: mission });
  await stream.until(says('first there'));
  await send(ada, { content: 'after', mission_id: mission });
  await stream.until(says('after'));

  expect(stream.named('mission.created').map(({ data }) => data.mission_id)).toEqual([mission]);
  const again = await watch(ada, '?format=delta', stream.cursor());
  await send(ada, { content: 'on', mission_id: mission });
  await again.until(says('on'));
  expect([...again.named('reset'), ...again.named('mission.created')]).toEqual([]);
});

test('a server where others worked before is joined at the first event of its viewer', async () => {
  const foreign = await server(bob, 'bob');
  await send(bob, { content: 'not for ada', mission_id: foreign.mission });
  const stream = await watch(ada, '?format=delta');
  const mission = await create(ada, { workspace_id: foreign.host.workspaceId });
  await send(ada, { content: 'mine', mission_id: mission });
  await stream.until(says('mine'));

  expect(contents(stream)).toEqual(['mine']);
  expect(stream.named('mission.created').map(({ data }) => data.mission_id)).toEqual([mission]);
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

test('with more than four servers a quiet one has no socket, and every id still knows where it is', async () => {
  const servers = await many(6);
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(6));
  await vi.waitFor(async () => expect(await viewersOfAll(servers)).toEqual([1, 1, 1, 1, 0, 0]));
  await send(ada, { content: 'shown', mission_id: servers[0].mission });
  await stream.until(says('shown'));

  const { handle } = parseStreamId(stream.cursor()) ?? { handle: '' };
  const kept = (await accountOf(env, 'ada').positionsAt(handle)) ?? [];
  expect(kept.map(({ host }) => host).sort()).toEqual(servers.map(({ host }) => host.id).sort());
  expect(kept.map(({ at }) => at)).not.toContain('now');
  expect(stream.named('partial')).toEqual([]);
});

test('a server without a socket is joined where it was left when something begins there', async () => {
  const servers = await many(5);
  const fifth = servers[4] ?? servers[0];
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(5));
  await vi.waitFor(async () => expect(await viewersOfAll(servers)).toEqual([1, 1, 1, 1, 0]));
  await ada(`/api/control/missions/${fifth.mission}/status`, { method: 'POST', json: { status: 'failed' } });
  const { peer } = await goLive(fifth, 'go');

  await stream.until(({ name, data }) => name === 'turn.started' && data.mission_id === fifth.mission);
  expect(stream.named('mission.status').map(({ data }) => data.status)).toContain('failed');
  expect(contents(stream)).toEqual(['go']);
  await vi.waitFor(async () => expect(await viewersOfAll(servers)).toEqual([1, 1, 1, 0, 1]));
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
  const [delta, plain] = [await watch(ada, '?format=delta'), await watch(ada)];
  const [left] = (await delta.until(is('partial'))).data.hosts as string[];
  await plain.until(({ text }) => text.startsWith(': not shown') && text.includes(String(left)));
  expect(left).toBe(servers[4]?.host.id);

  await goQuiet(servers[1] ?? servers[0], peers[1] as (typeof peers)[0]);
  await delta.until(({ name, data }) => name === 'partial' && String(data.hosts) === '');
  await send(ada, { content: 'now shown', mission_id: servers[4]?.mission });
  await Promise.all([delta.until(says('now shown')), plain.until(says('now shown'))]);
  for (const { peer } of peers) peer.close();
});

test("another user's work is no reason to join a server", async () => {
  const own = await many(2);
  const foreign = await server(bob, 'bob');
  const { peer } = await goLive(foreign, 'for bob', bob, 'bob');
  const stream = await watch(ada, '?format=delta');
  await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(2));
  await send(ada, { content: 'mine', mission_id: own[0].mission });
  await stream.until(says('mine'));

  expect(await viewersOfAll([foreign, ...own])).toEqual([0, 1, 1]);
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

test('with D1 away a stream begins, goes on, and learns of a server where something begins', async () => {
  const [first, second] = [await server(), await server()];
  const open = await watch(ada, '?format=delta');
  await env.DB.prepare('ALTER TABLE hosts RENAME TO hosts_away').run();
  await env.DB.prepare('ALTER TABLE missions RENAME TO missions_away').run();
  const [begun, page] = [await watch(ada), await watch(ada, `?format=delta&mission_id=${first.mission}`)];
  for (const { host, mission } of [first, second])
    await env.HOST.getByName(host.id).setStatus('ada', mission, 'blocked');

  await vi.waitFor(() => expect(open.named('mission.status')).toHaveLength(2));
  await vi.waitFor(() => expect(begun.named('mission_status_changed')).toHaveLength(2));
  await vi.waitFor(() => expect(page.named('mission.status')).toHaveLength(1));
  await env.DB.prepare('ALTER TABLE hosts_away RENAME TO hosts').run();
  await env.DB.prepare('ALTER TABLE missions_away RENAME TO missions').run();
});
