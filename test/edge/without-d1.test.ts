import { env } from 'cloudflare:workers';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { MissionJson, RunningJson } from '../../shared/api.ts';
import { hostObject } from '../../worker/hosts/object.ts';
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

test('a message with an Idempotency-Key can not be told from its repeat without D1: it is 503, and taken once later', async () => {
  d1Is('fails');
  const say = () => post('message', { content: 'one', mission_id: mission.id }, { 'Idempotency-Key': 'k' });

  expect((await say()).status).toBe(503);
  d1Is('well');
  expect([(await say()).status, (await say()).status]).toEqual([200, 200]);

  const read = await (await ada(`/api/control/missions/${mission.id}`)).json<MissionJson>();
  expect(read.history).toHaveLength(1);
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
  ['GET', 'control/missions/current'],
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

test.each(['control/running', 'control/progress', 'control/queue', 'control/permissions', 'control/tree'])(
  'GET %s works without D1',
  async (path) => {
    d1Is('fails');

    expect((await ada(`/api/${path}`)).status).toBe(200);
  },
);
