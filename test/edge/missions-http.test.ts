import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { MissionJson, StoredEventJson } from '../../shared/api.ts';
import { nilWorkspace } from '../../shared/ids.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const ada = asUser('ada');
const bob = asUser('bob');

const create = async (as: typeof user, json: object = {}): Promise<MissionJson> =>
  (await as('/api/control/missions', { method: 'POST', json })).json();
const send = async (as: typeof user, json: object): Promise<{ id: string; queued: boolean }> =>
  (await as('/api/control/message', { method: 'POST', json })).json();
const get = async <T>(as: typeof user, path: string): Promise<T> => (await as(path)).json();
const events = (as: typeof user, id: string, query = '') =>
  get<StoredEventJson[]>(as, `/api/control/missions/${id}/events${query}`);

test('without a server everything that can be read answers, and creating says what to run', async () => {
  const paths = ['missions', 'missions/current', 'running', 'queue'];
  expect(await Promise.all(paths.map((path) => get(user, `/api/control/${path}`)))).toEqual([[], null, [], []]);

  for (const path of ['missions', 'message']) {
    const response = await user(`/api/control/${path}`, { method: 'POST', json: { content: 'hello' } });
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('openagent up')]);
  }
});

test('a created mission is open, current, listed and has the nil workspace', async () => {
  await enrol();
  const made = await create(user, { title: 'First', model_override: 'a/b', workspace_id: nilWorkspace });

  expect(made).toMatchObject({
    status: 'active',
    title: 'First',
    workspace_id: nilWorkspace,
    model_override: 'a/b',
    history: [],
    resumable: false,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  expect(made).not.toHaveProperty('workspace_name');
  expect(await get(user, '/api/control/missions/current')).toEqual(made);
  expect(await get(user, '/api/control/missions')).toEqual([{ ...made, workspace_name: 'host' }]);
  expect(await get(user, `/api/control/missions/${made.id}`)).toEqual({ ...made, workspace_name: 'host' });
});

test('a message without a target goes to the current mission, with one to that, which becomes current', async () => {
  await enrol();
  const first = await create(user);
  const second = await create(user);
  const free = await send(user, { content: ' to the current one ' });
  await send(user, { content: 'to the first', mission_id: first.id.toUpperCase() });

  expect((await get<MissionJson>(user, `/api/control/missions/${second.id}`)).history).toMatchObject([
    { role: 'user', content: 'to the current one' },
  ]);
  expect(await events(user, second.id, '?types=user_message')).toMatchObject([{ event_id: free.id }]);
  expect(await get(user, '/api/control/missions/current')).toMatchObject({
    id: first.id,
    history: [{ content: 'to the first' }],
  });
});

test('a message without any mission creates an untitled one that becomes current', async () => {
  await enrol();
  const { id, queued } = await send(user, { content: 'hello' });

  const current = await get<MissionJson>(user, '/api/control/missions/current');
  expect(current.history).toMatchObject([{ role: 'user', content: 'hello' }]);
  expect(queued).toBe(true);
  expect(await get(user, '/api/control/queue')).toMatchObject([
    { id, content: 'hello', agent: null, mission_id: current.id },
  ]);
});

test('load makes a mission current and returns its history', async () => {
  await enrol();
  const first = await create(user);
  await send(user, { content: 'hello' });
  await create(user);
  const loaded = await (await user(`/api/control/missions/${first.id}/load`, { method: 'POST', json: {} })).json();

  expect(loaded).toMatchObject({ id: first.id, history: [{ role: 'user', content: 'hello' }] });
  expect(await get(user, '/api/control/missions/current')).toMatchObject({ id: first.id });
});

test('stored events are one JSON array, filtered by type, skipped and limited', async () => {
  await enrol();
  const { id } = await create(user);
  for (let n = 1; n <= 7; n += 1) await send(user, { content: `message ${n}`, mission_id: id });
  const all = await events(user, id);
  const texts = (list: StoredEventJson[]) => list.map((event) => event.content);

  expect(all.map((event) => event.sequence)).toEqual(all.map((_, index) => index + 1));
  expect(await events(user, id, '?limit=2&offset=3')).toEqual(all.slice(3, 5));
  expect(texts(await events(user, id, '?types=user_message,nonsense&limit=2&offset=3'))).toEqual([
    'message 4',
    'message 5',
  ]);
  expect(await events(user, id, '?types=nonsense')).toEqual([]);
  expect(await events(user, id, '?limit=0')).toEqual([]);
  expect(await events(user, id, '?offset=100')).toEqual([]);
  expect((await user(`/api/control/missions/${id}/events?limit=-1`)).status).toBe(400);
});

test('a mission longer than a page is read to its end', async () => {
  await enrol();
  const { id } = await create(user);
  const statuses = ['blocked', 'active'];
  for (let n = 0; n < 510; n += 1) {
    await user(`/api/control/missions/${id}/status`, { method: 'POST', json: { status: statuses[n % 2] } });
  }
  const all = await events(user, id);

  expect(all.length).toBeGreaterThanOrEqual(510);
  expect(all.map((event) => event.sequence)).toEqual(all.map((_, index) => index + 1));
  expect(await events(user, id, '?types=mission_status_changed&offset=505')).toHaveLength(all.length - 505);
});

test('a status is set by its name, and one that is none is 422', async () => {
  await enrol();
  const { id } = await create(user);
  const set = (status: string) => user(`/api/control/missions/${id}/status`, { method: 'POST', json: { status } });

  expect((await set('done')).status).toBe(422);
  expect(await (await set('blocked')).json()).toEqual({ ok: true });
  expect(await get(user, '/api/control/missions')).toMatchObject([{ status: 'blocked', resumable: true }]);
});

test('resume sends a mission on, and refuses one that is not stopped or not there', async () => {
  await enrol();
  const { id } = await create(user);
  const resume = (mission: string) => user(`/api/control/missions/${mission}/resume`, { method: 'POST', json: {} });
  const open = await resume(id);
  await user(`/api/control/missions/${id}/status`, { method: 'POST', json: { status: 'interrupted' } });
  const resumed = await resume(id);

  expect([open.status, await open.text()]).toEqual([400, `Mission ${id} cannot be resumed (status: active)`]);
  expect((await resume(randomUUID())).status).toBe(400);
  expect(await resumed.json()).toMatchObject({ id, status: 'active', resumable: false });
});

test('cancelling what does not run is 404 for a mission and still ok for the main one', async () => {
  await enrol();
  const { id } = await create(user);
  const one = await user(`/api/control/missions/${id}/cancel`, { method: 'POST' });
  const main = await user('/api/control/cancel', { method: 'POST' });

  expect([one.status, await one.text()]).toEqual([
    404,
    `Mission ${id} has nothing to cancel: none of its messages is at work`,
  ]);
  expect(await main.json()).toEqual({ ok: true });
});

test('a waiting message can be removed once, and then leaves no trace in the history', async () => {
  await enrol();
  const { id } = await create(user);
  const kept = await send(user, { content: 'kept' });
  const removed = await send(user, { content: 'removed' });
  const remove = () => user(`/api/control/queue/${removed.id}`, { method: 'DELETE' });

  expect(await (await remove()).json()).toEqual({ ok: true });
  const again = await remove();
  expect([again.status, await again.text()]).toEqual([404, 'message not in queue']);
  expect(await get(user, '/api/control/queue')).toMatchObject([{ id: kept.id }]);
  expect((await get<MissionJson>(user, `/api/control/missions/${id}`)).history).toHaveLength(1);
  expect(await (await user('/api/control/queue', { method: 'DELETE' })).json()).toEqual({ ok: true, cleared: 1 });
});

test('deleting the current mission forgets the pointer, and deleting again is 404', async () => {
  await enrol();
  const { id } = await create(user);
  const remove = () => user(`/api/control/missions/${id}`, { method: 'DELETE' });

  expect(await (await remove()).json()).toEqual({ ok: true, deleted: id });
  expect(await get(user, '/api/control/missions/current')).toBeNull();
  expect(await get(user, '/api/control/missions')).toEqual([]);
  const again = await remove();
  expect([again.status, await again.text()]).toEqual([404, 'Mission not found']);
});

test('a deleted mission is in the trash of its owner alone, and can be had back from there', async () => {
  await enrol();
  const { id } = await create(user, { title: 'Had back' });
  await user(`/api/control/missions/${id}`, { method: 'DELETE' });
  const trash = (of: typeof user) => get<MissionJson[]>(of, '/api/control/missions?deleted=true');
  const restore = (of: typeof user) => of(`/api/control/missions/${id}/restore`, { method: 'POST' });

  const wrong = await user('/api/control/missions?deleted=yes');
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('deleted must be true or false')]);
  const [deleted] = await trash(user);
  expect(deleted).toMatchObject({ id, title: 'Had back', history: [], deleted_at: expect.any(String) });
  expect(Date.parse(deleted?.purged_at ?? '') - Date.parse(deleted?.deleted_at ?? '')).toBe(30 * 86_400_000);
  expect(await trash(asUser('bob'))).toEqual([]);
  const foreign = await restore(asUser('bob'));
  expect([foreign.status, await foreign.text()]).toEqual([404, `Mission ${id} not found`]);

  expect(await (await restore(user)).json()).toMatchObject({ id, title: 'Had back', status: 'active' });
  expect(await trash(user)).toEqual([]);
  expect((await get<MissionJson[]>(user, '/api/control/missions')).map((mission) => mission.id)).toEqual([id]);
});

test('clean-up deletes missions nobody has used, with a title or without, and keeps the others', async () => {
  await enrol();
  const used = await create(user);
  await send(user, { content: 'hello' });
  const closed = await create(user, { title: 'Keep me' });
  await user(`/api/control/missions/${closed.id}/status`, { method: 'POST', json: { status: 'completed' } });
  await create(user, { title: 'Never used' });
  await create(user);

  const cleaned = await user('/api/control/missions/cleanup', { method: 'POST', json: {} });
  expect(await cleaned.json()).toEqual({ ok: true, deleted_count: 2 });
  const left = await get<MissionJson[]>(user, '/api/control/missions');
  expect(left.map((mission) => mission.id).sort()).toEqual([used.id, closed.id].sort());
  expect(await get(user, '/api/control/missions/current')).toBeNull();
});

test('cancelling says that nothing is at work, not that there is no such mission', async () => {
  await enrol();
  const { id } = await create(user);
  const cancel = async (mission: string) => {
    const answer = await user(`/api/control/missions/${mission}/cancel`, { method: 'POST' });
    return [answer.status, await answer.text()];
  };

  expect(await cancel(id)).toEqual([404, `Mission ${id} has nothing to cancel: none of its messages is at work`]);
  const unknown = randomUUID();
  expect(await cancel(unknown)).toEqual([404, `Mission ${unknown} not found`]);
});

test('an id may be in any case wherever one is taken, and what is none is called that', async () => {
  await enrol();
  const { id } = await create(user, { workspace_id: nilWorkspace.toUpperCase() });
  for (const mission of [id, id.toUpperCase()])
    expect(
      (await user('/api/control/message', { method: 'POST', json: { content: 'x', mission_id: mission } })).status,
    ).toBe(200);

  const wrong: [string, object, string][] = [
    ['message', { content: 'x', mission_id: 'x' }, 'mission_id: must be a UUID'],
    ['message', { content: 'x', mission_id: `${id} ` }, 'mission_id: must be a UUID'],
    ['missions', { workspace_id: '7' }, 'workspace_id: must be a UUID'],
  ];
  for (const [path, json, text] of wrong) {
    const answer = await user(`/api/control/${path}`, { method: 'POST', json });
    expect([answer.status, await answer.text()]).toEqual([422, `Invalid request body: ${text}`]);
  }
});

test('a list of missions is paged: its length is told, every mission is on one page, the last changed first', async () => {
  await enrol();
  const made: string[] = [];
  for (let n = 0; n < 53; n++) made.push((await create(user)).id);
  const page = async (query: string) => {
    const answer = await user(`/api/control/missions${query}`);
    return {
      ids: (await answer.json<MissionJson[]>()).map(({ id }) => id),
      total: answer.headers.get('X-Total-Count'),
    };
  };

  const first = await page('');
  expect(first.ids).toHaveLength(50);
  const rest = await page('?offset=50');
  expect([...first.ids, ...rest.ids].toSorted()).toEqual(made.toSorted());
  expect((await page('?limit=500')).ids).toEqual([...first.ids, ...rest.ids]);
  expect(await page('?limit=2&offset=1')).toEqual({ ids: first.ids.slice(1, 3), total: '53' });
  expect([first.total, rest.total, (await page('?limit=1')).total]).toEqual(['53', '53', '53']);
  expect(await page('?offset=53')).toEqual({ ids: [], total: '53' });
});

test.for([
  'limit=0',
  'limit=501',
  'limit=-1',
  'limit=1e1',
  'limit=0x10',
  'limit=',
  'limit=%2010',
  'offset=x',
  'offset=1.5',
])('a list that is asked for with %s is refused', async (query) => {
  const answer = await user(`/api/control/missions?${query}`);
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringMatching(/^Invalid query: (limit|offset) must/),
  ]);
});

test('lists that come whole take limit and offset too', async () => {
  await enrol();
  await create(user);
  for (const content of ['a', 'b', 'c']) await send(user, { content });
  const answer = await user('/api/control/queue?limit=1&offset=1');

  expect([await answer.json(), answer.headers.get('X-Total-Count')]).toEqual([
    [expect.objectContaining({ content: 'b' })],
    '3',
  ]);
  const lists = ['control/queue', 'control/running', 'control/permissions', 'workspaces', 'hosts'];
  for (const list of lists) expect([list, (await user(`/api/${list}?limit=x`)).status]).toEqual([list, 400]);
});

test('a second user sees and touches nothing of the first', async () => {
  await enrol();
  const { id } = await create(ada);
  const kept = await send(ada, { content: 'private' });
  const calls: [string, RequestInit & { json?: unknown }, number][] = [
    [`missions/${id}`, {}, 404],
    [`missions/${id}/load`, { method: 'POST' }, 404],
    [`missions/${id}/events`, {}, 404],
    [`missions/${id}/tree`, {}, 404],
    [`missions/${id}/status`, { method: 'POST', json: { status: 'failed' } }, 404],
    [`missions/${id}/cancel`, { method: 'POST' }, 404],
    [`missions/${id}/resume`, { method: 'POST' }, 400],
    [`missions/${id}`, { method: 'DELETE' }, 404],
    [`queue/${kept.id}`, { method: 'DELETE' }, 404],
    ['message', { method: 'POST', json: { content: 'intrusion', mission_id: id } }, 404],
    [`stream?mission_id=${id}`, {}, 404],
  ];
  for (const [path, init, status] of calls) {
    const response = await bob(`/api/control/${path}`, init);
    expect([path, response.status, (await response.text()).includes('private')]).toEqual([path, status, false]);
  }

  const lists = ['missions', 'missions/current', 'queue', 'running'].map((path) => get(bob, `/api/control/${path}`));
  expect(await Promise.all(lists)).toEqual([[], null, [], []]);
  expect(await (await bob('/api/control/queue', { method: 'DELETE' })).json()).toEqual({ ok: true, cleared: 0 });
  expect(await get(ada, '/api/control/queue')).toHaveLength(1);
  expect(await get(bob, '/api/stats')).toMatchObject({ total_tasks: 0 });
});

test('an agent is checked against the names the server reported, without regard to case', async () => {
  const host = await enrol();
  expect(await create(user, { agent: 'anything' })).toMatchObject({ agent: 'anything' });

  await env.DB.prepare('UPDATE hosts SET agents = ? WHERE id = ?').bind('["Build","plan"]', host.id).run();
  expect(await create(user, { agent: 'build' })).toMatchObject({ agent: 'Build' });
  const unknown = await user('/api/control/missions', { method: 'POST', json: { agent: 'x' } });
  expect([unknown.status, await unknown.text()]).toEqual([400, "Agent 'x' not found. Available agents: Build, plan"]);
});

test('the constants that other screens wait for are there', async () => {
  await enrol();
  const { id } = await create(user);

  expect(await get(user, '/api/tasks')).toEqual([]);
  expect(await get(user, '/api/runs?limit=5')).toEqual({ runs: [], limit: 5, offset: 0 });
  expect(await get(user, `/api/control/missions/${id}/tree`)).toBeNull();
  expect(await get(user, '/api/control/progress')).toMatchObject({ total_subtasks: 0, current_subtask: null });
  expect(await get(user, '/api/stats')).toMatchObject({ total_tasks: 1, active_tasks: 0, success_rate: 1 });
});

test('the default workspace is there under the nil id, before and after its server is enrolled', async () => {
  expect(await get(user, '/api/workspaces')).toMatchObject([{ id: nilWorkspace, status: 'pending' }]);
  const { workspaceId } = await enrol();

  const [workspace] = await get<object[]>(user, '/api/workspaces');
  expect(workspace).toMatchObject({ id: nilWorkspace, name: 'host', workspace_type: 'host', status: 'ready' });
  expect(await get(user, `/api/workspaces/${nilWorkspace}`)).toEqual(workspace);
  expect(await get(user, `/api/workspaces/${workspaceId}`)).toEqual(workspace);
  expect((await user(`/api/workspaces/${randomUUID()}`)).status).toBe(404);
});
