import { env, runDurableObjectAlarm } from 'cloudflare:test';
import { beforeEach, describe, expect, test } from 'vitest';
import { commandId } from '../../shared/ids.ts';
import { deleteMission, deleteUnused } from '../../worker/host/actions/trash.ts';
import { trashMs } from '../../worker/host/missions/trash.ts';
import { migrate, migrations } from '../../worker/host/tables.ts';
import { purgeSlice } from '../../worker/host/upkeep/purge.ts';
import { countedRows } from './counted-rows.ts';
import { freshHost, host, inObject, newMission, object, owner, stub } from './fresh-host.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';
import { objectsAhead } from './object-clock.ts';
import { turnRows } from './turn-rows.ts';
import { watch } from './viewer-peer.ts';

const dayMs = 86_400_000;

beforeEach(freshHost);

const countOf = (sql: SqlStorage, table: string, mission: string): number =>
  sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE mission = ?`, mission).one().n;
/** A host that is there, and a mission with everything that a mission can have. */
const fullMission = async () => {
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const mission = await newMission('Full');
  const command = commandId.parse(crypto.randomUUID());
  await object().message(owner, { id: command, mission, content: 'the words of the person', agent: null });
  await peer.next('commands');
  const turn = crypto.randomUUID();
  const rows = turnRows(mission, command, turn);
  const todo = { content: 'the plan', status: 'pending', priority: 'low' };
  const asked = { type: 'request.asked', request: `q_${turn}`, turn, kind: 'question', tool_call_id: null, body: {} };
  const items = [
    rows.started,
    rows.part,
    rows.checkpoint(0, 'the words'),
    rows.checkpoint(9, ' of the agent'),
    row(mission, { type: 'turn.todos', turn, todos: [todo] }),
    row(mission, asked),
    rows.called,
    rows.result,
    rows.closed(22, ' and its end', 34),
    rows.ended('completed'),
  ];
  peer.send(batch('r1', 1, items));
  await peer.next('ack');
  return { peer, mission, command, turn, rows, next: items.length + 1 };
};
/** So many rows of one mission, behind the object's back: what comes after must not append any. */
const fill = (rows: number, mission: string): Promise<void> =>
  inObject((sql) => {
    const body = JSON.stringify({ type: 'tool.result', tool_call_id: 'x', name: 'x', result: 'x', failed: false });
    sql.exec(
      `INSERT INTO log (seq, mission, sequence, at, type, body)
         SELECT n + (SELECT max(seq) FROM log), ?, n, 0, 'tool.result', ?
         FROM (WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < ?) SELECT n FROM k)`,
      mission,
      body,
      rows,
    );
  });

describe('what a deletion costs', () => {
  test('deleting and purging a mission read as many rows as it has, in a log of 100,000 others', async () => {
    const { mission } = await fullMission();
    await fill(100_000, await newMission());

    const { hidden, purged, left } = await inObject((_sql, storage) => {
      const { host: context, read } = countedRows(storage, () => Date.now() + 31 * dayMs);
      const before = read();
      storage.transactionSync(() => deleteMission(context, owner, mission));
      const hidden = read() - before;
      storage.transactionSync(() => purgeSlice(context, 0));
      return { hidden, purged: read() - before - hidden, left: countOf(storage.sql, 'log', mission) };
    });

    expect(hidden).toBeLessThan(100);
    expect(purged).toBeLessThan(300);
    expect(left).toBe(1);
  });

  test('a mission of many rows is purged in slices that are bounded', async () => {
    const [mission, other] = [await newMission(), await newMission()];
    await object().deleteMission(owner, mission);
    await fill(1_000, mission);

    const { slices, most } = await inObject((_sql, storage) => {
      const { host: context, written } = countedRows(storage, () => Date.now());
      let [slices, most] = [0, 0];
      while (storage.sql.exec('SELECT 1 FROM missions WHERE deleted_at IS NOT NULL AND purge < 2').toArray().length) {
        const before = written();
        storage.transactionSync(() => purgeSlice(context, 0, 100));
        most = Math.max(most, written() - before);
        slices += 1;
      }
      return { slices, most };
    });

    expect(slices).toBe(11);
    expect(most).toBeLessThan(250);
    expect(await object().mission(owner, other)).toMatchObject({ ok: true });
  });

  test('a cleanup is one pass: it reads its own missions, not the log', async () => {
    const used = await newMission();
    const unused = await Promise.all([newMission(), newMission('with a title')]);
    await fill(100_000, used);
    await inObject((sql) => sql.exec("UPDATE missions SET status = 'completed' WHERE id = ?", used).toArray());

    const { deleted, rows } = await inObject((_sql, storage) => {
      const { host: context, read } = countedRows(storage, () => Date.now());
      const before = read();
      const { deleted } = storage.transactionSync(() => deleteUnused(context, owner));
      return { deleted, rows: read() - before };
    });

    expect(deleted.toSorted()).toEqual(unused.toSorted());
    expect(rows).toBeLessThan(200);
  });
});

describe('the trash', () => {
  test('a deleted mission is hidden at once and everywhere, and is given back as it was', async () => {
    const { mission } = await fullMission();
    const before = await object().mission(owner, mission);
    const start = await watch(host, owner);
    await object().deleteMission(owner, mission);

    expect(await object().mission(owner, mission)).toMatchObject({ ok: false, code: 'not_found' });
    expect(await object().events(owner, mission, { types: null, from: 1, limit: 10 })).toMatchObject({ ok: false });
    expect((await object().queued(owner)).list).toEqual([]);
    const listed = await env.DB.prepare('SELECT * FROM missions WHERE id = ?').bind(mission).first();
    expect(listed).toMatchObject({ title: 'Full', in_trash: 1, deleted_at: expect.any(Number), history: '[]' });

    expect(await object().restoreMission(owner, mission)).toMatchObject({ ok: true });

    const after = await object().mission(owner, mission);
    const { updated_at: _at, ...same } = (before.ok && before.value) || { updated_at: '' };
    expect(after).toMatchObject({ ok: true, value: same });
    await start.until(({ name }) => name === 'mission.restored');
    expect(start.events.map(({ name }) => name)).toEqual(['snapshot', 'mission.deleted', 'mission.restored']);
    expect(await env.DB.prepare('SELECT in_trash FROM missions WHERE id = ?').bind(mission).first()).toEqual({
      in_trash: 0,
    });
  });

  test('a stream that comes back is shown of a deleted mission that it was deleted, and nothing else', async () => {
    const { mission } = await fullMission();
    await object().deleteMission(owner, mission);

    const viewer = await watch(host, owner, { cursor: 'start' });

    await viewer.until(({ name }) => name === 'snapshot');
    const ofMission = viewer.events.filter(({ data }) => data.mission_id === mission).map(({ name }) => name);
    expect(ofMission).toEqual(['mission.deleted']);
  });

  test('rows that come while it is deleted are kept for when it is given back, and shown to nobody before', async () => {
    const { peer, mission, turn, next } = await fullMission();
    const viewer = await watch(host, owner);
    await object().deleteMission(owner, mission);

    peer.send(batch('r1', next, [row(mission, { type: 'turn.error', turn, message: 'said late' })]));
    await peer.next('ack');
    await object().restoreMission(owner, mission);

    await viewer.until(({ name }) => name === 'mission.restored');
    expect(viewer.events.map(({ name }) => name)).not.toContain('turn.error');
    const page = await object().events(owner, mission, { types: ['error'], from: 1, limit: 10 });
    expect(page.ok && page.value.events).toMatchObject([{ content: expect.stringContaining('said late') }]);
  });

  test('messages that waited are not sent when it is given back', async () => {
    const mission = await newMission();
    const id = commandId.parse(crypto.randomUUID());
    await object().message(owner, { id, mission, content: 'wait for the server', agent: null });
    await object().deleteMission(owner, mission);
    await object().restoreMission(owner, mission);

    const peer = await dialHost(host);
    peer.send(hello('r1'));

    expect((await peer.next('welcome')).commands).toEqual([]);
    await object().message(owner, { id: commandId.parse(crypto.randomUUID()), mission, content: 'new', agent: null });
    expect((await peer.next('commands')).commands).toMatchObject([{ args: { content: 'new' } }]);
  });

  test("nobody else's mission can be given back, and none that was not deleted changes", async () => {
    const mission = await newMission();
    expect(await object().restoreMission(owner, mission)).toMatchObject({ ok: true });
    await object().deleteMission(owner, mission);

    expect(await object().restoreMission('mallory', mission)).toMatchObject({ ok: false, code: 'not_found' });
    expect(await object().restoreMission(owner, mission)).toMatchObject({ ok: true });
  });
});

describe('the purge', () => {
  test('after TRASH_DAYS the alarm removes every row but that it was deleted, and nothing brings it back', async () => {
    const { peer, mission, turn, rows, next } = await fullMission();
    await object().deleteMission(owner, mission);
    objectsAhead(31 * dayMs);

    expect(await runDurableObjectAlarm(stub())).toBe(true);

    const rest = await inObject((sql) => ({
      log: sql.exec('SELECT type FROM log WHERE mission = ?', mission).toArray(),
      others: ['parts', 'todos', 'requests', 'answers'].map((table) => countOf(sql, table, mission)),
      chunks: sql.exec('SELECT 1 FROM chunks').toArray().length,
      texts: sql.exec('SELECT DISTINCT content FROM commands WHERE mission = ?', mission).toArray(),
      mission: sql.exec('SELECT title, purge FROM missions WHERE id = ?', mission).one(),
    }));
    expect(rest).toEqual({
      log: [{ type: 'mission.deleted' }],
      others: [0, 0, 0, 0],
      chunks: 0,
      texts: [{ content: '' }],
      mission: { title: null, purge: 2 },
    });
    expect(await object().restoreMission(owner, mission)).toMatchObject({ ok: false, code: 'not_found' });
    const listed = await env.DB.prepare('SELECT * FROM missions WHERE id = ?').bind(mission).first();
    expect(listed).toMatchObject({ title: null, in_trash: 0 });

    peer.send(batch('r1', next, [rows.called, row(mission, { type: 'turn.error', turn, message: 'too late' })]));
    expect((await peer.next('ack')).n).toBe(next + 1);
    expect(await inObject((sql) => countOf(sql, 'log', mission))).toBe(1);
  });

  test('before that it removes nothing', async () => {
    const { mission } = await fullMission();
    await object().deleteMission(owner, mission);
    objectsAhead(29 * dayMs);

    await runDurableObjectAlarm(stub());

    expect(await object().restoreMission(owner, mission)).toMatchObject({ ok: true });
  });

  test('a number of the log is never used twice, also when its newest rows are purged', async () => {
    const { peer, mission, turn, next } = await fullMission();
    await object().deleteMission(owner, mission);
    peer.send(batch('r1', next, [row(mission, { type: 'turn.error', turn, message: 'the newest row' })]));
    const { seq } = await peer.next('ack');
    objectsAhead(31 * dayMs);

    await runDurableObjectAlarm(stub());

    expect(await inObject((sql) => sql.exec('SELECT max(seq) AS head FROM log').one())).toEqual({ head: seq });
  });

  test.each([
    [undefined, 30],
    ['', 30],
    ['7', 7],
    ['0', 0],
    ['never', 30],
    ['-1', 30],
  ])('TRASH_DAYS=%s keeps a deleted mission for %s days', (text, days) => {
    expect(trashMs(text)).toBe(days * dayMs);
  });
});

test('a log of an older version is purged whole too, and what it deleted stays gone', async () => {
  const [kept, gone] = [crypto.randomUUID(), crypto.randomUUID()];
  const step = migrations.findIndex((statements) => statements.some((each) => each.includes('missions_trash')));

  const left = await inObject((sql, storage) => {
    const tables = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '[a-z]*'")
      .toArray();
    for (const { name } of tables) if (!name.startsWith('sqlite')) sql.exec(`DROP TABLE ${name}`);
    for (const statement of migrations.slice(0, step).flat()) sql.exec(statement);
    sql.exec("INSERT INTO meta (key, value) VALUES ('schema', ?)", String(step));
    for (const [id, deletedAt] of [
      [kept, null],
      [gone, 1],
    ])
      sql.exec(
        `INSERT INTO missions (id, owner, workspace, status, created_at, updated_at, deleted_at)
           VALUES (?, ?, 'w', 'completed', 0, 0, ?)`,
        id,
        owner,
        deletedAt,
      );
    sql.exec("INSERT INTO parts (part, mission, turn, kind, length, closed) VALUES ('p', ?, 't', 'text', 4, 1)", kept);
    for (const [seq, off] of [
      [1, 0],
      [2, 2],
    ] as const) {
      sql.exec("INSERT INTO chunks (part, off, until, text) VALUES ('p', ?, ?, 'ab')", off, off + 2);
      const body = JSON.stringify({ type: 'part.checkpoint', part: 'p', off, text: '' });
      sql.exec(
        "INSERT INTO log (seq, mission, at, type, body) VALUES (?, ?, 0, 'part.checkpoint', ?)",
        seq,
        kept,
        body,
      );
    }

    migrate(sql);

    const { host: context } = countedRows(storage, () => Date.now());
    storage.transactionSync(() => deleteMission(context, owner, kept));
    storage.transactionSync(() => purgeSlice(context, 0));
    return {
      log: sql.exec('SELECT type FROM log').toArray(),
      chunks: sql.exec('SELECT 1 FROM chunks').toArray().length,
      purged: sql.exec('SELECT purge FROM missions').toArray(),
    };
  });

  expect(left).toEqual({ log: [{ type: 'mission.deleted' }], chunks: 0, purged: [{ purge: 2 }, { purge: 2 }] });
});
