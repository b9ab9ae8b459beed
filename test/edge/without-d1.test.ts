import { env } from 'cloudflare:workers';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { MissionJson, RunningJson } from '../../shared/api.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { handClock } from '../support/hand-clock.ts';
import { type D1Illness, sickD1 } from '../support/sick-d1.ts';
import { asUser, type EnrolledHost, edgeEnv, enrol, freshDirectory, users } from './edge.ts';
import { dialHost, type HostPeer, hello } from './host-peer.ts';
import { objectsD1 } from './objects-d1.ts';

const workersD1 = sickD1();
const bound = { ...edgeEnv({ OPEN_AGENT_USERS: users('default', 'ada', 'bob') }), DB: workersD1.binding(env.DB) };
const ada = asUser('ada', bound);
const post = (path: string, json: object = {}, headers: Record<string, string> = {}) =>
  ada(`/api/control/${path}`, { method: 'POST', json, headers });
/** D1 as the Worker and the objects see it, until the test is done or says otherwise. */
const d1Is = (illness: D1Illness): void => {
  for (const d1 of [workersD1, objectsD1]) d1.is(illness);
  onTestFinished(() => {
    for (const d1 of [workersD1, objectsD1]) d1.is('well');
  });
};

let host: EnrolledHost;
let mission: MissionJson;
let peer: HostPeer;

beforeEach(async () => {
  await freshDirectory();
  host = await enrol();
  peer = await dialHost(host.id);
  peer.send(hello('r1'));
  await peer.next('welcome');
  mission = await (await post('missions', { title: 'Known' })).json<MissionJson>();
});

const said = async () => (await peer.next('commands')).commands;
const running = async () => (await ada('/api/control/running')).json<RunningJson[]>();

test.each(['fails', 'hangs'] as const)(
  'while D1 %s a message to a known mission is taken, sent once and runs; one without a target follows it',
  async (illness) => {
    d1Is(illness);

    const first = await post('message', { content: 'one', mission_id: mission.id });
    expect(first.status).toBe(200);
    const { id } = await first.json<{ id: string }>();
    expect(await said()).toMatchObject([{ id, mission: mission.id }]);
    expect(await running()).toMatchObject([{ mission_id: mission.id }]);
    expect((await post('message', { content: 'two' })).status).toBe(200);

    expect((await ada(`/api/control/missions/${mission.id}/events`)).status).toBe(200);
    expect((await post(`missions/${mission.id}/cancel`)).status).toBe(200);
    expect(peer.order.filter((type) => type === 'commands')).toHaveLength(1);
  },
);

test('without D1 a new mission is 503 and nothing of it remains', async () => {
  d1Is('fails');

  const refused = await post('missions', { title: 'New' });

  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('D1')]);
  d1Is('well');
  expect(await (await ada('/api/control/missions')).json()).toMatchObject([{ id: mission.id }]);
  expect(await (await ada('/api/control/missions/current')).json()).toMatchObject({ id: mission.id });
});

test.each(['fails', 'hangs'] as const)(
  'while D1 %s a message with an Idempotency-Key is taken once, its repeat is known, and another body under it is 422',
  async (illness) => {
    d1Is(illness);
    const say = (content: string) =>
      post('message', { content, mission_id: mission.id }, { 'Idempotency-Key': `while it ${illness}` });

    const [first, again] = [await say('one'), await say('one')];
    expect([first.status, again.status, (await say('two')).status]).toEqual([200, 200, 422]);
    expect(await again.json()).toEqual(await first.json());

    const read = await (await ada(`/api/control/missions/${mission.id}`)).json<MissionJson>();
    expect(read.history).toHaveLength(1);
  },
);

test.each(['fails', 'hangs'] as const)(
  'while D1 %s a known mission is read, loaded and resumed, and calls its workspace as ever',
  async (illness) => {
    await post(`missions/${mission.id}/load`);
    expect((await post(`missions/${mission.id}/status`, { status: 'interrupted' })).status).toBe(200);
    d1Is(illness);

    const { workspace_id } = mission;
    const read = await ada(`/api/control/missions/${mission.id}`);
    expect([read.status, await read.json()]).toEqual([200, expect.objectContaining({ id: mission.id, workspace_id })]);
    for (const path of ['load', 'resume']) {
      const done = await post(`missions/${mission.id}/${path}`);
      expect([done.status, await done.json()], path).toEqual([200, expect.objectContaining({ workspace_id })]);
    }
    expect(await (await ada('/api/control/missions/current')).json()).toMatchObject({ id: mission.id });
  },
);

test('while D1 hangs what waits is edited and removed, and an answer to a question says whether there is one', async () => {
  const say = (content: string) => post('message', { content, mission_id: mission.id });
  await say('at work');
  const { id } = await (await say('waits')).json<{ id: string }>();
  d1Is('hangs');

  const edited = await ada(`/api/control/queue/${id}`, { method: 'PATCH', json: { content: 'better' } });
  expect(edited.status).toBe(200);
  expect(await (await ada('/api/control/queue')).json()).toMatchObject([{ id, content: 'better' }]);
  expect((await ada(`/api/control/queue/${id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await ada(`/api/control/queue/${id}`, { method: 'DELETE' })).status).toBe(404);
  const answer = { reply: 'once' };
  expect((await post('permissions/nobody', answer, { 'Idempotency-Key': 'answer' })).status).toBe(404);
  expect((await post('cancel')).status).toBe(200);
});

test('a change is answered at once while D1 hangs, and lists show it when D1 is back', async () => {
  d1Is('hangs');
  const set = await post(`missions/${mission.id}/status`, { status: 'failed' });

  expect(set.status).toBe(200);
  d1Is('well');
  await vi.waitFor(async () => {
    const [listed] = await (await ada('/api/control/missions')).json<MissionJson[]>();
    expect(listed).toMatchObject({ status: 'failed' });
  });
});

test('D1 that wrote and did not say so takes a mission once', async () => {
  objectsD1.is('forgets');
  onTestFinished(() => objectsD1.is('well'));

  const made = await (await post('missions', { title: 'Told twice' })).json<MissionJson>();
  objectsD1.is('well');

  const listed = await (await ada('/api/control/missions')).json<MissionJson[]>();
  expect(listed.map(({ id }) => id).toSorted()).toEqual([made.id, mission.id].toSorted());
});

test('what is refused leaves the current mission as it was', async () => {
  const other = await (await post('missions', { title: 'Other' })).json<MissionJson>();
  await post(`missions/${mission.id}/load`);
  const gone = await hostObject(env, host.id).deleteMission('ada', other.id);
  expect(gone.ok).toBe(true);

  expect((await post('message', { content: 'to nobody', mission_id: other.id })).status).toBe(404);

  expect(await (await ada('/api/control/missions/current')).json()).toMatchObject({ id: mission.id });
  await ada(`/api/control/missions/${mission.id}`, { method: 'DELETE' });
  expect(await (await ada('/api/control/missions/current')).json()).toBeNull();
});

test.each([
  ['GET', 'control/missions'],
  ['POST', 'control/missions'],
  ['GET', 'control/parallel/config'],
  ['GET', 'stats'],
  ['GET', 'hosts'],
  ['GET', 'workspaces'],
  ['GET', 'runs'],
])('%s %s says what is away, as 503', async (method, path) => {
  d1Is('fails');

  const answer = await ada(`/api/${path}`, method === 'POST' ? { method, json: {} } : { method });

  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("can't be reached")]);
});

test('what can not do without D1 is 503 as soon as nobody would wait any longer', async () => {
  const clock = handClock(Date.now());
  const user = asUser('ada', { ...bound, clock });
  d1Is('hangs');

  const answer = user('/api/workspaces');
  await clock.awaited(10_000);
  clock.advance(10_000);

  expect([(await answer).status, await (await answer).text()]).toEqual([
    503,
    expect.stringContaining("can't be reached"),
  ]);
});

test.each(['control/running', 'control/progress', 'control/queue', 'control/permissions', 'control/tree'])(
  'GET %s works without D1',
  async (path) => {
    d1Is('fails');

    expect((await ada(`/api/${path}`)).status).toBe(200);
  },
);
