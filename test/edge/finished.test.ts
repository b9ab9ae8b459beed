import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { asUser, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const user = asUser('default');
const runs = async (query = '') => (await user(`/api/runs${query}`)).json() as Promise<{ runs: { id: string }[] }>;

const mission = async (over: { owner?: string; status?: string; updated?: number; history?: object[] } = {}) => {
  const id = crypto.randomUUID();
  const { owner = 'default', status = 'completed', updated = 1, history = [] } = over;
  await env.DB.prepare(
    `INSERT INTO missions (id, host, owner, status, title, workspace, cost_usd, history, created_at, updated_at, log, rev)
     VALUES (?, 'h', ?, ?, 'Title', 'w', 0.126, ?, 1700000000000, ?, 'l', 1)`,
  )
    .bind(id, owner, status, JSON.stringify(history), updated)
    .run();
  return id;
};

const said = (role: string, content: string) => ({ role, content });

test('finished missions are runs, with what was asked, answered and spent', async () => {
  const id = await mission({ history: [said('user', 'Do it'), said('assistant', 'Done')] });
  const run = {
    id,
    created_at: '2023-11-14T22:13:20.000Z',
    status: 'completed',
    input_text: 'Do it',
    final_output: 'Done',
    total_cost_cents: 13,
    summary_text: null,
  };

  expect(await runs()).toEqual({ runs: [run], limit: 20, offset: 0 });
  expect(await (await user(`/api/runs/${id}`)).json()).toEqual(run);
});

test('a mission that is open, deleted or of another user is no run', async () => {
  await mission({ status: 'active' });
  const other = await mission({ owner: 'bob' });
  const deleted = await mission();
  await env.DB.prepare('UPDATE missions SET deleted_at = 1 WHERE id = ?').bind(deleted).run();

  expect((await runs()).runs).toEqual([]);
  const answer = await user(`/api/runs/${other}`);
  expect([answer.status, await answer.text()]).toEqual([404, `Run ${other} not found`]);
  expect((await user('/api/runs/42')).status).toBe(404);
});

test('runs are paged, the last changed first, and never more than 500 at once', async () => {
  const ids = [await mission({ updated: 1 }), await mission({ updated: 3 }), await mission({ updated: 2 })];
  const page = await runs('?limit=1&offset=1');

  expect(page).toMatchObject({ runs: [{ id: ids[2] }], limit: 1, offset: 1 });
  expect(await runs('?limit=100000')).toMatchObject({ limit: 500, offset: 0 });
  expect((await user('/api/runs?limit=-1')).status).toBe(400);
});

test('a long conversation has no final output here: the directory does not have its end', async () => {
  const long = Array.from({ length: 20 }, (_, n) => said(n % 2 ? 'assistant' : 'user', `entry ${n}`));
  await mission({ history: long });
  await mission({ history: [said('user', 'Unanswered')], updated: 0 });

  expect((await runs()).runs).toMatchObject([
    { input_text: 'entry 0', final_output: null },
    { input_text: 'Unanswered', final_output: null },
  ]);
});

test('runs have neither events nor tasks of their own', async () => {
  expect(await (await user('/api/runs/x/events')).json()).toEqual({ run_id: 'x', events: [] });
  expect(await (await user('/api/runs/x/tasks')).json()).toEqual({ run_id: 'x', tasks: [] });
});

test('reading a page goes along the index of lists', async () => {
  const plan = await env.DB.prepare(
    "EXPLAIN QUERY PLAN SELECT id FROM missions WHERE owner = ? AND deleted_at IS NULL AND status <> 'active' ORDER BY updated_at DESC LIMIT 20",
  )
    .bind('default')
    .all<{ detail: string }>();

  expect(plan.results.map(({ detail }) => detail).join()).toMatch(/USING INDEX missions_owner_updated/);
  expect(plan.results.map(({ detail }) => detail).join()).not.toMatch(/TEMP B-TREE/);
});
