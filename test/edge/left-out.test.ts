// Answers that are made of what several servers say, while the object of one of them throws whatever it is asked.
import { beforeEach, expect, test } from 'vitest';
import type { AskJson, MissionJson, QueuedJson, RunningJson } from '../../shared/api.ts';
import { replyToCalls } from './answering-host.ts';
import { asUser, edgeEnv, enrol, freshDirectory, users } from './edge.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';
import { breakHost } from './objects-throwing.ts';
import { turnRows } from './turn-rows.ts';

const ada = asUser('ada', edgeEnv({ OPEN_AGENT_USERS: users('ada', 'bob') }));
const get = async <T>(path: string): Promise<{ list: T; leftOut: string | null }> => {
  const response = await ada(path);
  expect(response.status, path).toBe(200);
  return { list: await response.json<T>(), leftOut: response.headers.get('X-Servers-Left-Out') };
};
const call = async (method: string, path: string, json?: object): Promise<[number, string]> => {
  const response = await ada(`/api/control/${path}`, { method, ...(json ? { json } : {}) });
  return [response.status, await response.text()];
};
const post = async <T>(path: string, json: object): Promise<T> => JSON.parse((await call('POST', path, json))[1]);

/** A server where a mission of hers runs and asks something, while another message waits. */
interface Busy {
  host: string;
  mission: string;
  waiting: string;
  request: string;
}

const busy = async (): Promise<Busy> => {
  const { id: host, workspaceId } = await enrol();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const { id: mission } = await post<MissionJson>('missions', { workspace_id: workspaceId });
  const first = await post<{ id: string }>('message', { content: 'go', mission_id: mission });
  await peer.next('commands');
  const rows = turnRows(mission, first.id, crypto.randomUUID());
  const request = `que_${mission}`;
  const body = { questions: [{ question: 'Which?', header: 'Which', options: [{ label: 'A', description: '' }] }] };
  const asked = { type: 'request.asked', request, turn: rows.turn, kind: 'question', tool_call_id: 'prt', body };
  peer.send(batch('r1', 1, [rows.started, row(mission, asked)]));
  await peer.next('ack');
  const { id: waiting } = await post<{ id: string }>('message', { content: 'then', mission_id: mission });
  replyToCalls(peer, {});
  return { host, mission, waiting, request };
};

let [broken, well]: Busy[] = [];

beforeEach(async () => {
  await freshDirectory();
  [broken, well] = [await busy(), await busy()];
});

const each = (): { broken: Busy; well: Busy } => {
  if (!(broken && well)) throw new Error('not begun');
  return { broken, well };
};

test('lists leave out the server whose object throws, and say that one is missing', async () => {
  const { broken, well } = each();
  const whole = await get<RunningJson[]>('/api/control/running');
  expect(whole.leftOut).toBeNull();
  expect(whole.list.map(({ mission_id }) => mission_id).toSorted()).toEqual([broken.mission, well.mission].toSorted());

  await breakHost(broken.host);

  const running = await get<RunningJson[]>('/api/control/running');
  expect([running.list.map(({ mission_id }) => mission_id), running.leftOut]).toEqual([[well.mission], '1']);
  const queue = await get<QueuedJson[]>('/api/control/queue');
  expect([queue.list.map(({ id }) => id), queue.leftOut]).toEqual([[well.waiting], '1']);
  const asks = await get<AskJson[]>('/api/control/permissions');
  expect([asks.list.map(({ id }) => id), asks.leftOut]).toEqual([[well.request], '1']);
  const stats = await get<{ active_tasks: number }>('/api/stats');
  expect([stats.list.active_tasks, stats.leftOut]).toEqual([1, '1']);
  expect((await get<{ running_count: number }>('/api/control/parallel/config')).list.running_count).toBe(1);
  expect((await get<object[]>('/api/quotas')).list).not.toEqual([]);
  expect((await get<object[]>('/api/opencode/connections')).list).toHaveLength(2);
});

test('what names no server is found on one that answers, and is 503 where it may be on the other', async () => {
  const { broken, well } = each();
  await breakHost(broken.host);

  expect(await call('PATCH', `queue/${well.waiting}`, { content: 'edited' })).toMatchObject([200, expect.anything()]);
  expect(await call('POST', `questions/${well.request}`, { answers: [['A']] })).toMatchObject([200, expect.anything()]);
  expect((await call('PATCH', `queue/${broken.waiting}`, { content: 'edited' }))[0]).toBe(503);
  expect((await call('POST', `questions/${broken.request}`, { answers: [['A']] }))[0]).toBe(503);
});

test('a change of all servers is made on those that answer, and is 503 which says how many do not', async () => {
  const { broken, well } = each();
  await breakHost(broken.host);

  expect(await call('DELETE', 'queue')).toEqual([503, expect.stringContaining('1 of your 2 servers')]);
  expect((await get<QueuedJson[]>('/api/control/queue')).list).toEqual([]);
  expect((await call('POST', 'missions/cleanup'))[0]).toBe(503);
  expect((await call('GET', `missions/${well.mission}`))[0]).toBe(200);
});

test('where the object of every server throws the answer is 503 and no empty list', async () => {
  const { broken, well } = each();
  for (const { host } of [broken, well]) await breakHost(host);

  for (const path of ['running', 'queue', 'permissions']) expect((await call('GET', path))[0], path).toBe(503);
});
