// Sub-agents and progress: what the object makes of the log for the tree, the to-do list and the two renderings.
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { AgentTreeNode, ProgressJson, StoredEventJson } from '../../shared/api.ts';
import { treeRows } from '../../worker/host/missions/tree.ts';
import { hostObject } from '../../worker/hosts/object.ts';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { batch, dialHost, type HostPeer, hello, row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { sha, turnRows } from './turn-rows.ts';
import { create, is, send, watch } from './viewer.ts';

const ada = asUser('ada');
const bob = asUser('bob');
const get = async <T>(as: typeof ada, path: string): Promise<T> => (await as(`/api/control${path}`)).json();
const treeOf = (mission: string) => get<AgentTreeNode | null>(ada, `/missions/${mission}/tree`);

let peer: HostPeer;
let host = '';
let mission = '';
let turn = '';
let sent = 0;

/** Sends rows as the host would, and waits until the object has them. */
const say = async (...rows: object[]): Promise<void> => {
  peer.send(batch('r1', sent + 1, rows));
  sent += rows.length;
  while ((await peer.next('ack')).n < sent);
};

const task = (id: string, args: object, parent?: string): object =>
  row(mission, {
    type: 'tool.called',
    turn,
    tool_call_id: id,
    name: 'task',
    args,
    ...(parent === undefined ? {} : { parent_call: parent }),
  });
const taskResult = (id: string, failed = false): object => {
  const result = failed ? { error: 'no' } : 'ok';
  return row(mission, { type: 'tool.result', tool_call_id: id, name: 'task', result, failed, cost_usd: 0.01 });
};
const opened = (part: string, parent?: string): object =>
  row(mission, { type: 'part.opened', turn, part, kind: 'text', ...(parent ? { parent_call: parent } : {}) });
const checkpoint = (part: string, text: string): object =>
  row(mission, { type: 'part.checkpoint', part, off: 0, text });
const closed = (part: string, text: string): object =>
  row(mission, { type: 'part.closed', part, off: 0, text, length: text.length, sha256: sha });
const todos = (...entries: [string, string][]): object =>
  row(mission, { type: 'turn.todos', turn, todos: entries.map(([content, status]) => ({ content, status })) });

/** A mission of ada's whose turn has started. */
const begin = async (content = 'Look at the house'): Promise<ReturnType<typeof turnRows>> => {
  mission = await create(ada);
  turn = randomUUID();
  const rows = turnRows(mission, await send(ada, { content, mission_id: mission }), turn);
  await say(rows.started);
  return rows;
};

beforeEach(async () => {
  await freshDirectory();
  host = (await enrol()).id;
  sent = 0;
  peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
});

test('the tree grows with each sub-agent, nests by the call that started it, and keeps their ends', async () => {
  const rows = await begin(`${'x'.repeat(59)}😀 and more`);
  expect(await treeOf(mission)).toMatchObject({ status: 'running', children: [{ id: 'opencode', children: [] }] });

  await say(
    task('call-1', { subagent_type: 'explore', description: 'Look around', prompt: 'p' }),
    task('call-2', { prompt: 'Only a prompt' }, 'call-1'),
    rows.called,
    rows.result,
    taskResult('call-2', true),
  );
  await evictDurableObject(env.HOST.getByName(host));
  const [session] = (await treeOf(mission))?.children ?? [];
  expect(session?.children).toMatchObject([
    {
      id: 'call-1',
      name: 'explore',
      description: 'Look around',
      status: 'running',
      children: [{ id: 'call-2', name: 'sub-agent', description: 'Only a prompt', status: 'failed', children: [] }],
    },
  ]);

  await say(taskResult('call-1'), rows.part, rows.closed(0, 'Hi', 2), rows.ended('completed'));
  const tree = await treeOf(mission);
  expect(tree).toMatchObject({
    id: 'root',
    type: 'OpenCode',
    node_type: 'OpenCode',
    name: 'OpenCode Agent',
    description: `${'x'.repeat(59)}😀`,
    status: 'completed',
    budget_allocated: 1000,
    budget_spent: 2,
    selected_model: 'lab/m1',
    children: [{ type: 'OpenCodeSession', children: [{ id: 'call-1', status: 'completed', budget_spent: 1 }] }],
  });
  expect(await get(ada, '/tree')).toEqual(tree);
});

test('a tree is of the last turn; what was left running when it ended has failed', async () => {
  const first = await begin();
  await say(task('call-1', { description: 'First' }), first.ended('interrupted'));
  expect((await treeOf(mission))?.children[0]?.children).toMatchObject([{ id: 'call-1', status: 'failed' }]);
  expect(await treeOf(mission)).toMatchObject({ status: 'failed' });

  turn = randomUUID();
  const second = turnRows(mission, await send(ada, { content: 'Again', mission_id: mission }), turn);
  await say(second.started, task('call-2', { description: 'Second' }));

  expect(await treeOf(mission)).toMatchObject({
    description: 'Again',
    status: 'running',
    children: [{ children: [{ id: 'call-2', status: 'running' }] }],
  });
});

test('without a turn there is no tree and no progress, and neither for other people', async () => {
  expect(await get(ada, '/tree')).toBeNull();
  expect(await get(ada, '/progress')).toEqual(zeros);
  mission = await create(ada);
  expect([await treeOf(mission), await get(ada, '/tree')]).toEqual([null, null]);
  expect(await get(ada, '/progress')).toEqual(zeros);

  await begin();
  await say(task('call-1', {}), todos(['Mine', 'in_progress']));
  const stranger = await bob(`/api/control/missions/${mission}/tree`);
  expect([stranger.status, await stranger.text()]).toEqual([404, `Mission ${mission} not found`]);
  const unknown = randomUUID();
  expect((await ada(`/api/control/missions/${unknown}/tree`)).status).toBe(404);
  expect([await get(bob, '/tree'), await get(bob, '/progress')]).toEqual([null, zeros]);
  // The object asks again, whatever the directory said.
  const object = hostObject(env, host);
  expect(await object.tree('bob', mission)).toMatchObject({ ok: false, code: 'not_found' });
  expect(await object.progress('bob', mission)).toMatchObject({ ok: false, code: 'not_found' });
});

const zeros: ProgressJson = { total_subtasks: 0, completed_subtasks: 0, current_subtask: null, current_depth: 0 };

test('the to-do list is progress: told when it changes, kept over turns, gone with the mission', async () => {
  const stream = await watch(ada);
  const log = await watch(ada, '?format=delta');
  const rows = await begin();
  await say(
    todos(['Walls', 'completed'], ['Roof', 'in_progress'], ['Pool', 'cancelled'], ['Door', 'pending']),
    todos(['Walls', 'completed'], ['Roof', 'in_progress'], ['Pool', 'cancelled'], ['Door', 'pending']),
  );

  const { type, ...shown } = (await stream.until(is('progress'))).data;
  expect(shown).toEqual({
    total_subtasks: 3,
    completed_subtasks: 1,
    current_subtask: 'Roof',
    depth: 0,
    mission_id: mission,
  });
  expect(await get(ada, '/progress')).toEqual({
    total_subtasks: 3,
    completed_subtasks: 1,
    current_subtask: 'Roof',
    current_depth: 0,
  });
  const joined = await watch(ada, '?format=delta');
  const { data: snapshot } = await joined.until(is('snapshot'));
  expect(snapshot.running).toMatchObject([{ mission_id: mission, todos: [{ content: 'Walls' }, {}, {}, {}] }]);

  await say(rows.ended('completed'));
  await log.until(is('turn.ended'));
  await stream.until(is('assistant_message'));
  expect(stream.named('progress')).toHaveLength(1);
  expect(log.named('turn.todos')).toMatchObject([{ data: { turn, sequence: null } }]);
  expect(await get(ada, '/progress')).toMatchObject({ completed_subtasks: 1 });
  const stored = await get<StoredEventJson[]>(ada, `/missions/${mission}/events`);
  expect(stored.map(({ sequence }) => sequence)).toEqual(stored.map((_, index) => index + 1));

  await ada(`/api/control/missions/${mission}`, { method: 'DELETE' });
  expect(await get(ada, '/progress')).toEqual(zeros);
  // It is purged when its time in the trash has passed.
  objectsAhead(31 * 86_400_000);
  await runDurableObjectAlarm(env.HOST.getByName(host));
  const kept = await runInDurableObject(env.HOST.getByName(host), (_instance, state) =>
    state.storage.sql.exec('SELECT * FROM todos').toArray(),
  );
  expect(kept).toEqual([]);
});

test('the existing apps see sub-agents start and end, their tool calls once, and their texts as whole blocks', async () => {
  const stream = await watch(ada);
  const rows = await begin();
  await say(
    task('call-1', { subagent_type: 'general', description: 'One' }),
    task('call-2', { subagent_type: 'general', description: 'Two' }),
    opened('prt_one', 'call-1'),
    checkpoint('prt_one', 'I am one'),
    opened('prt_two', 'call-2'),
    checkpoint('prt_two', 'I am two'),
    row(mission, {
      type: 'tool.called',
      turn,
      tool_call_id: 'ask',
      name: 'question',
      args: { questions: [] },
      parent_call: 'call-1',
    }),
  );
  await stream.until((block) => block.data.tool_call_id === 'ask');
  const joined = await watch(ada);
  await say(
    closed('prt_two', 'I am two.'),
    closed('prt_one', 'I am one.'),
    taskResult('call-1'),
    taskResult('call-2'),
    rows.part,
    rows.checkpoint(0, 'Both'),
    rows.closed(0, 'Both', 4),
    rows.ended('completed'),
  );
  await stream.until(is('assistant_message'));

  const thoughts = stream.named('thinking').map(({ data }) => [data.content, data.done]);
  expect(thoughts.slice(0, 4)).toEqual([
    ['I am two.', false],
    ['I am two.', true],
    ['I am one.', false],
    ['I am one.', true],
  ]);
  expect(thoughts.at(-1)).toEqual(['Both', true]);
  expect(stream.named('tool_call').map(({ data }) => data.tool_call_id)).toEqual(['call-1', 'call-2', 'ask']);
  expect(stream.named('agent_tree').map(({ data }) => agentStates(data.tree))).toEqual([
    'running:',
    'running:running',
    'running:running,running',
    'running:completed,running',
    'running:completed,completed',
    'completed:completed,completed',
  ]);
  expect(joined.blocks.slice(0, 3).map(({ name }) => name)).not.toContain('thinking');
});

test("a sub-agent's text does not tear the block its parent is in; stored events have both", async () => {
  const stream = await watch(ada);
  const rows = await begin();
  await say(
    rows.part,
    rows.checkpoint(0, 'I delegate'),
    task('call-1', {}),
    opened('prt_child', 'call-1'),
    checkpoint('prt_child', 'A child'),
  );
  await say(closed('prt_child', 'A child speaks.'));
  await say(rows.closed(10, '.', 11), taskResult('call-1'), rows.ended('completed'));
  await stream.until(is('assistant_message'));

  expect(stream.named('thinking').map(({ data }) => [data.content, data.done])).toEqual([
    ['I delegate', false],
    ['I delegate.', true],
  ]);
  const stored = await get<StoredEventJson[]>(ada, `/missions/${mission}/events?types=thinking`);
  expect(stored.map(({ content, metadata }) => [content, metadata.done])).toEqual([
    ['I delegate.', true],
    ['A child speaks.', true],
  ]);
});

test('the tree is read by its index, however long the log is', async () => {
  await begin();
  await say(task('call-1', {}));
  const plan = await runInDurableObject(env.HOST.getByName(host), (_instance, state) =>
    state.storage.sql
      .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${treeRows}`, mission, Number.MAX_SAFE_INTEGER)
      .toArray()
      .map(({ detail }) => detail),
  );

  expect(plan).toEqual([expect.stringMatching(/^SEARCH log USING INDEX log_tree \(mission=\?/)]);
});

/** Status of the root, and of the sub-agents below its session. */
const agentStates = (tree: unknown): string => {
  const root = tree as AgentTreeNode; // Of our own edge.
  return `${root.status}:${root.children[0]?.children.map(({ status }) => status).join(',')}`;
};
