// A server with years of work, in `npm run soak` 1,000,000 rows of 10,000 missions of 1,000 users: what anybody does
// reads as much as in a small one.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { commandId } from '../../shared/ids.ts';
import { turnRows } from '../fuzz/from-host.ts';
import type { GoodHost } from '../fuzz/witness.ts';
import { patience } from '../support/patience.ts';
import { type Cost, type MeteredStore, startMeteredStore } from './metered-store.ts';
import { limitOf, size, tell } from './size.ts';

const eventsPerMission = 99;
const missions = Math.ceil(size.events / (eventsPerMission + 1));
const users = Math.ceil(size.events / 1_000);
const dayMs = 24 * 3_600_000;
/** In the trash for longer than it is kept (30 days): to be purged as soon as the object starts. */
const purged = 10;
const options = { timeout: limitOf(size.events / 500) };

let store: MeteredStore;
/** Of the default user: with many missions, as the others have ten each. */
let own: string[];
let host: GoodHost;

beforeAll(async () => {
  const begun = performance.now();
  store = await startMeteredStore({
    missions,
    eventsPerMission,
    ownerOf: (index) => (index % 5 === 0 ? 'default' : `user${index % users}`),
    deletedAt: (index) => (index < purged ? Date.now() - 60 * dayMs : null),
  });
  own = store.within('object', (database) =>
    database
      .prepare("SELECT id FROM missions WHERE owner = 'default' AND deleted_at IS NULL ORDER BY created_at")
      .all()
      .map(({ id }) => String(id)),
  );
  await store.start();
  tell(
    `a log of ${missions * (eventsPerMission + 1)} rows was filled in ${Math.round((performance.now() - begun) / 1_000)} s`,
  );
}, options.timeout);
afterAll(() => store?.close(), options.timeout);

/** The same whatever is stored. */
const expectCost = (what: string, cost: Cost, most: Omit<Cost, 'written'>): void => {
  tell(`${what}: ${cost.rows} rows of objects and ${cost.d1Rows} of D1 read, ${cost.written} written`);
  expect(cost.rows, `${what}: rows of objects`).toBeLessThanOrEqual(most.rows);
  expect(cost.d1Rows, `${what}: rows of D1`).toBeLessThanOrEqual(most.d1Rows);
};
const get = async (path: string, mostBytes: number): Promise<unknown> => {
  const answer = await store.person.call('GET', path);
  expect(answer.status, answer.text.slice(0, 200)).toBe(200);
  expect(answer.text.length, path).toBeLessThanOrEqual(mostBytes);
  return answer.json;
};

const listed = z.array(z.looseObject({ id: z.string() }));
const stats = z.looseObject({ total_tasks: z.number() });

test('the object starts, tells every account, and purges what was deleted long ago, in slices', options, async () => {
  const first = () => get(`/api/control/missions/${own.at(-1)}`, 20_000);
  // Since the start: what is overdue is done before anybody asks.
  await first();
  expectCost('a start that owes much', await store.settled(), {
    rows: 3_000 + 20 * users + 10 * purged * eventsPerMission,
    d1Rows: 3_000 + 10 * purged,
  });

  await store.stop();
  await store.start();
  await first();
  expectCost('a start that owes nothing', await store.settled(), { rows: 300, d1Rows: 100 });
});

test('a message, its turn, and who watches cost the same as in a small store', options, async () => {
  const mission = own[Math.floor(own.length / 2)] ?? '';
  expectCost(
    'the server connects',
    await store.costOf(async () => {
      host = await store.connect();
    }),
    { rows: 1_000, d1Rows: 100 },
  );
  const turn = randomUUID();
  let command = commandId.parse(randomUUID());
  const message = await store.costOf(async () => {
    const said = await store.person.say('What is true?', mission);
    command = commandId.parse(said.message);
    await host.dial.next('commands');
  });
  expectCost('a message', message, { rows: 500, d1Rows: 50 });

  const rows = turnRows({ owner: 'default', mission, command, turn }, `prt ${turn}`, 'the truth');
  host.dial.send(JSON.stringify({ type: 'received', ids: [command] }));
  expectCost('the first rows of its turn', await store.costOf(() => host.append(1, rows.slice(0, 4))), {
    rows: 500,
    d1Rows: 50,
  });
  expectCost('running', await store.costOf(() => get('/api/control/running', 2_000)), { rows: 200, d1Rows: 10 });
  for (const query of ['', '?format=delta', `?format=delta&mission_id=${mission}`]) {
    const join = await store.costOf(async () => {
      const stream = await store.person.stream(query);
      await vi.waitFor(() => expect(stream.events.length).toBeGreaterThan(0), patience);
      stream.close();
      await stream.ended;
    });
    expectCost(`a stream begins (${query})`, join, { rows: 500, d1Rows: 50 });
  }
  expectCost('the rest of its turn', await store.costOf(() => host.append(5, rows.slice(4))), {
    rows: 1_000,
    d1Rows: 50,
  });
});

test('lists, totals and events read what they show', options, async () => {
  const mission = own[0] ?? '';
  for (const [what, path, most, mostBytes] of [
    ['a list', '/api/control/missions', { rows: 100, d1Rows: 500 }, 200_000],
    ['running', '/api/control/running', { rows: 100, d1Rows: 10 }, 1_000],
    ['totals', '/api/stats', { rows: 100, d1Rows: 50 }, 2_000],
    ['the queue', '/api/control/queue', { rows: 100, d1Rows: 50 }, 1_000],
    ['a mission', `/api/control/missions/${mission}`, { rows: 100, d1Rows: 10 }, 20_000],
    ['its events', `/api/control/missions/${mission}/events`, { rows: 500, d1Rows: 10 }, 100_000],
    ['one of them', `/api/control/missions/${mission}/events?limit=1&offset=50`, { rows: 200, d1Rows: 10 }, 2_000],
    ['its agents', `/api/control/tree?mission_id=${mission}`, { rows: 500, d1Rows: 50 }, 20_000],
  ] as const) {
    expectCost(what, await store.costOf(() => get(path, mostBytes)), most);
  }
});

test('a deletion, its way back, and the trash cost the same', options, async () => {
  const mission = own[1] ?? '';
  const call = async (method: string, path: string): Promise<void> => {
    const answer = await store.person.call(method, path);
    expect(answer.status, answer.text).toBe(200);
  };
  const deletion = await store.costOf(() => call('DELETE', `/api/control/missions/${mission}`));
  expectCost('a deletion', deletion, { rows: 500, d1Rows: 50 });
  await vi.waitFor(async () => {
    const trash = listed.parse(await get('/api/control/missions?deleted=true', 100_000));
    expect(trash.map(({ id }) => id)).toContain(mission);
  }, patience);
  expectCost('the trash', await store.costOf(() => get('/api/control/missions?deleted=true', 100_000)), {
    rows: 100,
    d1Rows: 200,
  });
  const back = await store.costOf(() => call('POST', `/api/control/missions/${mission}/restore`));
  expectCost('a restoration', back, { rows: 500, d1Rows: 50 });
});

test('a D1 that was replaced by an empty one is told all of it again, a slice at a time', options, async () => {
  await store.settled();
  host.dial.leave();
  await host.dial.ended();
  await store.stop();
  const of = (which: 'object' | 'directory', sql: string): number =>
    store.within(which, (database) => Number(database.prepare(sql).get()?.n));
  const logged = of('object', 'SELECT count(*) AS n FROM log');
  expect(logged).toBeGreaterThanOrEqual((missions - purged) * (eventsPerMission + 1));
  expect(logged).toBeLessThan((missions - purged) * (eventsPerMission + 1) + 100);
  store.within('directory', (database) => {
    database.exec('DELETE FROM missions; UPDATE hosts SET slice = 0');
  });
  await store.start();

  // D1 is found to be another one when it is told something: of a mission that its owner's account remembers.
  await store.person.say('What else?', own.at(-1));
  const rebuild = await store.settled();
  expectCost('the rebuild', rebuild, { rows: 5_000 + 100 * missions, d1Rows: 5_000 + 50 * missions });
  expect(stats.parse(await get('/api/stats', 2_000)).total_tasks).toBe(own.length);
  await store.stop();
  expect(of('directory', 'SELECT count(*) AS n FROM missions WHERE deleted_at IS NULL')).toBe(missions - purged + 1);
});
