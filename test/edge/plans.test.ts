// That a query which reads a whole table is seen (plans.ts). All other files are looked at for real ones.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, test } from 'vitest';
import { asUser, enrol, freshDirectory } from './edge.ts';
import { lookedAt, takeScans, watchD1 } from './plans.ts';

beforeEach(freshDirectory);

test('a query without an index, one that sorts all, and one that is hidden behind another name are seen', async () => {
  const db = watchD1(env.DB);
  const queries = [
    'SELECT id FROM missions WHERE title = ?',
    'SELECT owner FROM missions ORDER BY rev DESC LIMIT 1',
    'SELECT m.id FROM hosts JOIN missions AS m ON m.title = hosts.name',
    'DELETE FROM attempts WHERE clear_at + 1 < ?',
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n, known_addresses LIMIT 1',
  ];
  const fine = [
    'SELECT id FROM missions WHERE owner = ? AND host = ?',
    'SELECT id FROM hosts WHERE name = ?',
    'SELECT id FROM missions WHERE id IN (SELECT value FROM json_each(?))',
    'WITH n (i) AS (VALUES (1), (2)) SELECT i FROM n ORDER BY i',
    'SELECT id FROM missions WHERE in_trash = 1 AND owner = ?',
  ];
  for (const query of [...queries, ...fine]) db.prepare(query);

  const scans = await takeScans();
  expect(scans.map((line) => line.slice(line.indexOf(': ') + 2))).toEqual(queries);
});

test('queries of the Worker and of its objects are looked at', async () => {
  await enrol();
  const before = lookedAt();
  const ada = asUser('ada');
  expect((await ada('/api/control/message', { method: 'POST', json: { content: 'hello' } })).status).toBe(200);
  expect((await ada('/api/stats')).status).toBe(200);
  await takeScans();

  expect(lookedAt() - before).toBeGreaterThan(40);
});
