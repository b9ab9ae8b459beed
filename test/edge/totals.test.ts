// Counts of missions are kept beside them, and are what counting them would say.
import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { directory } from '../../worker/directory/directory.ts';
import { hostsOfOwner } from '../../worker/directory/hosts.ts';
import { migrations } from '../../worker/directory/migrations.ts';
import { listMissions, totalsOf } from '../../worker/directory/missions.ts';
import { type MissionRow, tellDirectory } from '../../worker/directory/projection.ts';
import { directoryTables, enrol, freshDirectory } from './edge.ts';

beforeEach(freshDirectory);

const db = directory(env);
/** Numbers that look drawn at random and are the same each time (Lehmer's generator). */
const drawing = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
};
const statuses = ['pending', 'active', 'completed', 'failed', 'interrupted'];

const missionRow = (id: string, host: string, more: Partial<MissionRow>): MissionRow => ({
  id,
  host,
  owner: 'ada',
  status: 'active',
  title: null,
  workspace: 'w',
  agent: null,
  model: null,
  costUsd: 0,
  history: [],
  createdAt: 1,
  updatedAt: 1,
  interruptedAt: null,
  deletedAt: null,
  inTrash: false,
  log: 'log',
  rev: 1,
  ...more,
});
const tell = (host: string, log: string, rows: MissionRow[]) =>
  tellDirectory(
    db,
    { id: host, log, rev: 1, live: false, agents: null, workingDir: null, full: 0, connectedSince: null, slots: null },
    1,
    rows,
  );

const counted = async (): Promise<unknown[]> =>
  (
    await env.DB.prepare(
      `SELECT owner, host, status, count(*) AS missions, sum(CAST(round(cost_usd * 1e9) AS integer)) AS cost_nano
         FROM missions WHERE deleted_at IS NULL GROUP BY owner, host, status ORDER BY owner, host, status`,
    ).all()
  ).results;
const kept = async (): Promise<unknown[]> =>
  (await env.DB.prepare('SELECT * FROM mission_totals WHERE missions > 0 ORDER BY owner, host, status').all()).results;

test('however often and in whichever order missions are written, their totals are what counting them says', async () => {
  const draw = drawing(7);
  const hosts = [(await enrol()).id, (await enrol()).id];
  const missions = Array.from({ length: 12 }, (_, n) => ({
    id: randomUUID(),
    host: hosts[n % 2] ?? '',
    owner: ['ada', 'bob'][n % 3 === 0 ? 1 : 0] ?? '',
  }));
  const written: { host: string; log: string; rows: MissionRow[] }[] = [];
  for (let step = 1; step <= 120; step += 1) {
    const again = written[draw(Math.max(1, written.length))];
    // One in four is an old slice once more, as after an answer that was lost.
    if (again && draw(4) === 0) await tell(again.host, again.log, again.rows);
    else {
      const host = hosts[draw(2)] ?? '';
      const log = step > 80 ? 'another log' : 'log';
      const rows = missions
        .filter((mission) => mission.host === host && draw(2) === 0)
        .map(({ id, owner }) =>
          missionRow(id, host, {
            owner,
            log,
            rev: step + draw(9) - 4,
            status: statuses[draw(statuses.length)] ?? '',
            costUsd: draw(1_000_000) / 1_000_003,
            deletedAt: draw(5) === 0 ? step : null,
          }),
        );
      written.push({ host, log, rows });
      await tell(host, log, rows);
    }
    if (step % 10 === 0) expect(await kept()).toEqual(await counted());
  }
  await env.DB.prepare('DELETE FROM missions WHERE owner = ?').bind('bob').run();
  expect(await kept()).toEqual(await counted());
  await env.DB.prepare("UPDATE missions SET owner = 'bob', host = 'elsewhere', deleted_at = NULL").run();
  expect(await kept()).toEqual(await counted());
});

test('costs add up to the same in any order, and to nothing when nothing is left', async () => {
  const { id: host } = await enrol();
  const ids = Array.from({ length: 10 }, () => randomUUID());
  await tell(
    host,
    'log',
    ids.map((id) => missionRow(id, host, { costUsd: 0.1 })),
  );
  expect(await totalsOf(db, 'ada')).toEqual([{ status: 'active', count: 10, costUsd: 1 }]);
  await tell(
    host,
    'log',
    ids.map((id) => missionRow(id, host, { costUsd: 0.3, rev: 2, deletedAt: 2 })),
  );

  expect(await totalsOf(db, 'ada')).toEqual([{ status: 'active', count: 0, costUsd: 0 }]);
  expect(await hostsOfOwner(db, 'ada')).toEqual([]);
});

test('a full page of a list tells how many missions there are without counting them', async () => {
  const { id: host } = await enrol();
  const rows = Array.from({ length: 7 }, (_, n) =>
    missionRow(randomUUID(), host, { updatedAt: n, status: n > 3 ? 'failed' : 'active' }),
  );
  await tell(host, 'log', rows);
  const { list, total } = await listMissions(db, 'ada', 3, 0);

  expect([list.length, total]).toEqual([3, 7]);
  expect(await hostsOfOwner(db, 'ada')).toEqual([host]);
});

test('a directory that was filled before has its totals after the migration', async () => {
  for (const table of await directoryTables()) await env.DB.prepare(`DROP TABLE ${table}`).run();
  const statements = (names: typeof migrations) => names.flatMap(({ sql }) => sql.split('--> statement-breakpoint'));
  const at = migrations.findIndex(({ name }) => name.endsWith('_counts.sql'));
  for (const sql of statements(migrations.slice(0, at))) await env.DB.prepare(sql).run();
  const insert = `INSERT INTO missions (id, host, owner, status, workspace, cost_usd, history, created_at, updated_at, deleted_at, log, rev)
    VALUES (?, 'h', ?, ?, 'w', 0.1, '[]', 1, 1, ?, 'log', 1)`;
  for (const [owner, status, deletedAt] of [
    ['ada', 'failed', null],
    ['ada', 'failed', null],
    ['ada', 'failed', 5],
    ['bob', 'active', null],
  ])
    await env.DB.prepare(insert).bind(randomUUID(), owner, status, deletedAt).run();
  for (const sql of statements(migrations.slice(at))) await env.DB.prepare(sql).run();

  expect(await totalsOf(db, 'ada')).toEqual([{ status: 'failed', count: 2, costUsd: 0.2 }]);
  expect(await kept()).toEqual(await counted());
});
