import { env, runInDurableObject } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { commandId, type MissionId, missionId } from '../../shared/ids.ts';
import { defaultLimits, type Limits, quotaNames, quotas } from '../../shared/quotas.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { asUser, edgeEnv, enrol, freshDirectory, principalWith } from './edge.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';
import { turnRows } from './turn-rows.ts';

let host = '';
beforeEach(async () => {
  await freshDirectory();
  ({ id: host } = await enrol());
});

const object = () => hostObject(env, host);
const few = (given: Partial<Limits>): Limits => ({ ...defaultLimits, ...given });
const open = async (owner: string, limits = defaultLimits) => {
  const id = missionId.parse(crypto.randomUUID());
  const answer = await object().createMission(
    { id, owner, workspace: 'w', title: 'a mission', agent: null, model: null },
    limits,
  );
  return { id, answer };
};
const asker = (id: string) => ({ ...principalWith(['read', 'run', 'admin']), user: { id, name: id } });
const newId = () => commandId.parse(crypto.randomUUID());
const say = (mission: MissionId, limits: Limits, content = 'go on', owner = 'ada', id = newId()) =>
  object().message(owner, { id, mission, content, agent: null }, limits);
const refusal = (code: string, quota: string) => ({
  ok: false,
  code,
  message: expect.stringMatching(new RegExp(`^Your quota \`${quota}\` is used up: .* ask an admin`)),
});

test('as many messages wait in a mission as may; one more is refused, a repeated one is not, and others are not concerned', async () => {
  const [{ id: mission }, { id: other }, { id: bobs }] = [await open('ada'), await open('ada'), await open('bob')];
  const limits = few({ mission_waiting_messages: 2 });
  const first = newId();
  expect(await say(mission, limits, 'one', 'ada', first)).toMatchObject({ ok: true });
  expect(await say(mission, limits, 'two')).toMatchObject({ ok: true });

  expect(await say(mission, limits, 'three')).toEqual(refusal('too_many', 'mission_waiting_messages'));

  expect(await say(mission, limits, 'one', 'ada', first)).toMatchObject({ ok: true });
  expect(await say(other, limits)).toMatchObject({ ok: true });
  expect(await say(bobs, limits, 'mine', 'bob')).toMatchObject({ ok: true });
  expect((await object().queued('ada', mission)).list.map(({ content }) => content)).toEqual(['one', 'two']);
  await object().removeQueued('ada', first);
  expect(await say(mission, limits, 'three')).toMatchObject({ ok: true });
});

test('the host is told with each message what its owner may hold there, as the quotas say by then', async () => {
  const [{ id: first }, { id: second }] = [await open('ada'), await open('ada')];
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const told = async (mission: MissionId, limits: Limits) => {
    await say(mission, limits);
    return (await peer.next('commands')).commands;
  };

  expect(await told(first, few({ place_bytes: 5 }))).toMatchObject([{ args: { spec: { place_bytes: 5 } } }]);
  expect(await told(second, few({ place_bytes: 7 }))).toMatchObject([{ args: { spec: { place_bytes: 7 } } }]);
});

test('messages of all missions of a user count together, by number and by bytes of UTF-8', async () => {
  const [{ id: one }, { id: two }] = [await open('ada'), await open('ada')];
  expect(await say(one, few({ waiting_messages: 1 }))).toMatchObject({ ok: true });

  expect(await say(two, few({ waiting_messages: 1 }))).toEqual(refusal('too_many', 'waiting_messages'));
  expect(await say(two, few({ waiting_bytes: 7 }), '漢')).toEqual(refusal('too_large', 'waiting_bytes'));
  expect(await say(two, few({ mission_waiting_bytes: 2 }), '漢')).toEqual(
    refusal('too_large', 'mission_waiting_bytes'),
  );
  expect(await say(two, few({ waiting_bytes: 8 }), '漢')).toMatchObject({ ok: true });
});

test('a waiting message gets no text for which there is no room, and keeps its own', async () => {
  const { id: mission } = await open('ada');
  const id = newId();
  await say(mission, defaultLimits, 'short', 'ada', id);
  const edit = (content: string) => object().editQueued('ada', { id, content, was: null }, few({ waiting_bytes: 10 }));

  expect(await edit('much too long')).toEqual(refusal('too_large', 'waiting_bytes'));
  expect((await object().queued('ada')).list).toMatchObject([{ content: 'short' }]);
  expect(await edit('fits')).toMatchObject({ ok: true });
});

test('missions are counted until they are purged', async () => {
  const limits = few({ missions: 2 });
  const { id } = await open('ada', limits);
  await open('ada', limits);
  expect((await open('ada', limits)).answer).toEqual(refusal('too_many', 'missions'));
  expect((await open('bob', limits)).answer).toMatchObject({ ok: true });

  await object().deleteMission('ada', id);

  expect((await open('ada', limits)).answer).toEqual(refusal('too_many', 'missions'));
  await runInDurableObject(env.HOST.getByName(host), (_instance, { storage: { sql } }) => {
    sql.exec('UPDATE missions SET purge = 2 WHERE id = ?', id);
  });
  expect((await open('ada', limits)).answer).toMatchObject({ ok: true });
});

test('with the log used up, a turn that runs goes on to its end and new messages are refused', async () => {
  const { id: mission } = await open('ada');
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  await say(mission, defaultLimits);
  const [command] = (await peer.next('commands')).commands;
  const rows = turnRows(mission, command?.id ?? '', crypto.randomUUID());
  const output = { type: 'tool.result', tool_call_id: 'c', name: 'bash', result: 'x'.repeat(100_000), failed: false };
  peer.send(batch('r1', 1, [rows.started, row(mission, output)]));
  await peer.next('ack');
  const limits = few({ log_bytes: 100_000 });

  expect(await say(mission, limits)).toEqual(refusal('too_large', 'log_bytes'));
  peer.send(batch('r1', 3, [rows.called, rows.result, rows.ended('completed', 'done')]));
  await peer.next('ack');

  expect(await object().mission('ada', mission)).toMatchObject({ ok: true, value: { status: 'completed' } });
  expect((await object().usage('ada')).log_bytes).toBeGreaterThan(100_000);
  expect((await object().usage('bob')).log_bytes).toBe(0);
});

test('a resume that is refused leaves the mission as it is', async () => {
  const { id: mission } = await open('ada');
  await object().setStatus('ada', mission, 'interrupted');

  expect(await object().resume('ada', mission, false, few({ waiting_messages: 0 }))).toEqual(
    refusal('too_many', 'waiting_messages'),
  );
  expect(await object().mission('ada', mission)).toMatchObject({ value: { status: 'interrupted' } });
});

test('as many calls of a user wait for a server as may, whatever others ask', async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const limits = few({ calls: 1 });
  const first = object().call(asker('ada'), 'system.samples', {}, limits);
  const { id } = await peer.next('call');

  expect(await object().call(asker('ada'), 'system.samples', {}, limits)).toEqual(refusal('too_many', 'calls'));
  const bobs = object().call(asker('bob'), 'system.samples', {}, limits);
  peer.send({ type: 'result', id: (await peer.next('call')).id, ok: true, value: 'his' });
  peer.send({ type: 'result', id, ok: true, value: 'hers' });

  expect(await Promise.all([first, bobs])).toMatchObject([{ value: 'hers' }, { value: 'his' }]);
  const again = object().call(asker('ada'), 'system.samples', {}, limits);
  peer.send({ type: 'result', id: (await peer.next('call')).id, ok: true, value: 'again' });
  expect(await again).toMatchObject({ value: 'again' });
});

test('uploads count while they last, by number and by what they announce', async () => {
  const begin = async (bytes: number) => {
    const query = new URLSearchParams({ owner: 'ada', bytes: String(bytes), uploads: '2', upload_bytes: '100' });
    const answer = await env.HOST.getByName(host).fetch(`http://host/upload?${query}`, {
      headers: { Upgrade: 'websocket' },
    });
    answer.webSocket?.accept();
    return answer;
  };
  const first = await begin(60);
  expect(first.status).toBe(101);
  expect((await begin(50)).status).toBe(413);
  expect((await begin(40)).status).toBe(101);
  const refused = await begin(0);
  expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('Your quota `uploads`')]);
  expect(await object().usage('ada')).toMatchObject({ uploads: 2, upload_bytes: 100 });

  first.webSocket?.close();

  await expect.poll(async () => (await object().usage('ada')).uploads).toBe(1);
  expect((await begin(60)).status).toBe(101);
});

const bound = edgeEnv({
  OPEN_AGENT_USERS: JSON.stringify([
    { username: 'ada', password: 'x' },
    { username: 'bob', password: 'x' },
    { username: 'default', password: 'x', admin: true },
  ]),
});
const [ada, admin] = [asUser('ada', bound), asUser('default', bound)];
const limitsShown = async (who = ada, path = '/api/quotas') => {
  const list: { name: string; limit: number }[] = await (await who(path)).json();
  return Object.fromEntries(list.map(({ name, limit }) => [name, limit]));
};
const put = (path: string, json: unknown, who = admin) => who(path, { method: 'PUT', json });

test('a user sees every quota with its limit, what is used and why', async () => {
  const { id: mission } = await open('ada');
  await say(mission, defaultLimits, 'four');
  await ada('/api/control/message', { method: 'POST', json: { content: 'five!', mission_id: mission } });
  const list: Record<string, unknown>[] = await (await ada('/api/quotas')).json();

  expect(list.map(({ name }) => name)).toEqual(quotaNames);
  const shown = Object.fromEntries(
    list.map(({ name, limit, used, reason }) => [String(name), { limit, used, reason }]),
  );
  expect(shown.missions).toEqual({ limit: 10_000, used: 1, reason: quotas.missions.reason });
  expect(shown.waiting_messages).toMatchObject({ limit: 500, used: 2 });
  expect(shown.waiting_bytes).toMatchObject({ used: 9 });
});

test('an admin sets a limit for everybody or for one user, who is refused by it at once, and takes it back', async () => {
  const { id: mission } = await open('ada');
  expect((await put('/api/quotas', { waiting_messages: 7, missions: 3 })).status).toBe(200);
  expect((await put('/api/quotas/ada', { waiting_messages: 0 })).status).toBe(200);

  expect(await limitsShown()).toMatchObject({ waiting_messages: 0, missions: 3 });
  expect(await limitsShown(admin, '/api/quotas/bob')).toMatchObject({ waiting_messages: 7, missions: 3 });
  const refused = await ada('/api/control/message', { method: 'POST', json: { content: 'go', mission_id: mission } });
  expect([refused.status, await refused.text()]).toEqual([429, expect.stringContaining('`waiting_messages`')]);

  await put('/api/quotas/ada', { waiting_messages: null });
  expect(await limitsShown()).toMatchObject({ waiting_messages: 7 });
  await put('/api/quotas', { waiting_messages: null, missions: null });
  expect(await limitsShown()).toEqual(defaultLimits);
});

test.each([
  ['a quota that there is not', { coffee: 1 }],
  ['a number below nothing', { missions: -1 }],
  ['half a mission', { missions: 1.5 }],
  ['a text', { missions: '5' }],
  ['more than can be kept', { log_bytes: quotas.log_bytes.most + 1 }],
  ['no object', [1]],
])('%s is no change of a quota', async (_name, json) => {
  expect((await put('/api/quotas', json)).status).toBe(422);
  expect(await limitsShown()).toEqual(defaultLimits);
});

test('only an admin changes quotas and sees those of others, and only of users that there are', async () => {
  expect((await put('/api/quotas', { missions: 1 }, ada)).status).toBe(403);
  expect((await put('/api/quotas/ada', { missions: 1 }, ada)).status).toBe(403);
  expect((await ada('/api/quotas/default')).status).toBe(403);
  expect((await put('/api/quotas/nobody', { missions: 1 })).status).toBe(404);
  expect((await admin('/api/quotas/nobody')).status).toBe(404);
});

test('without D1 the limits are those that were last known, else the defaults', async () => {
  const { limitsOf } = await import('../../worker/quotas/limits.ts');
  const away = { ...bound, DB: null as unknown as D1Database };
  expect(await limitsOf(away, 'somebody new')).toEqual(defaultLimits);
  await put('/api/quotas/bob', { missions: 5 });
  await limitsOf(bound, 'bob');
  const later = { ...bound.clock, now: () => bound.clock.now() + 3_600_000 };

  expect(await limitsOf({ ...away, clock: later }, 'bob')).toMatchObject({ missions: 5 });
});
