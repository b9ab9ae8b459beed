// What an object remembers of its tables (worker/host/remembered.ts) is what they say, whoever writes them.
import { beforeEach, expect, test } from 'vitest';
import { atomically, beginRemembering, changed, remembered } from '../../worker/host/remembered.ts';
import { freshHost, host, inObject, newMission, object, owner } from './fresh-host.ts';
import { batch, dialHost, hello, row } from './host-peer.ts';

beforeEach(freshHost);

const fruits = remembered<number>('fruits');
const added = remembered<number>(changed('fruits'));
const baskets = remembered<number>('baskets');

const count = (sql: SqlStorage, kind: typeof fruits, table: string): number =>
  kind.get(sql, '', () => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n);

/** An object with two tables, of which a trigger fills one. */
const withTables = (look: (sql: SqlStorage, storage: DurableObjectStorage) => void): Promise<void> =>
  inObject((sql, storage) => {
    sql.exec('CREATE TABLE fruits (name TEXT NOT NULL)');
    sql.exec('CREATE TABLE baskets (name TEXT)');
    sql.exec('CREATE TRIGGER fill AFTER INSERT ON fruits BEGIN INSERT INTO baskets (name) VALUES (NEW.name); END');
    expect([fruits, added].map((kind) => count(sql, kind, 'fruits'))).toEqual([0, 0]);
    expect(count(sql, baskets, 'baskets')).toBe(0);
    look(sql, storage);
  });

test('a value is forgotten when its table is written, also by a trigger', () =>
  withTables((sql) => {
    sql.exec("INSERT INTO fruits (name) VALUES ('pear')");

    expect([count(sql, fruits, 'fruits'), count(sql, baskets, 'baskets')]).toEqual([1, 1]);
  }));

test('a value that only a removal can change outlives what is added', () =>
  withTables((sql) => {
    sql.exec("INSERT INTO fruits (name) VALUES ('pear')");
    expect(count(sql, added, 'fruits')).toBe(0);

    sql.exec("UPDATE fruits SET name = 'plum'");

    expect(count(sql, added, 'fruits')).toBe(1);
  }));

test('a trigger that is made later is heeded', () =>
  withTables((sql) => {
    sql.exec("UPDATE fruits SET name = 'plum'");
    sql.exec('CREATE TRIGGER empty AFTER DELETE ON fruits BEGIN DELETE FROM baskets; END');
    sql.exec("INSERT INTO fruits (name) VALUES ('pear')");
    expect(count(sql, baskets, 'baskets')).toBe(1);

    sql.exec('DELETE FROM fruits');

    expect(count(sql, baskets, 'baskets')).toBe(0);
  }));

test('what only a removal writes is not forgotten for what is added', () =>
  withTables((sql) => {
    sql.exec('DROP TRIGGER fill');
    sql.exec('CREATE TRIGGER empty AFTER DELETE ON fruits BEGIN DELETE FROM baskets; END');
    sql.exec("INSERT INTO baskets (name) VALUES ('pear')");
    expect(count(sql, baskets, 'baskets')).toBe(1);

    sql.exec("INSERT INTO fruits (name) VALUES ('pear')");
    expect(baskets.known(sql, '')).toBe(1);
    sql.exec('DELETE FROM fruits');

    expect(count(sql, baskets, 'baskets')).toBe(0);
  }));

test('a position in a run is not read again for each batch', async () => {
  const mission = await newMission();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  const statements: string[] = [];
  const sent = async (n: number) => {
    peer.send(batch('r1', n, [row(mission, { type: 'turn.error', turn: crypto.randomUUID(), message: 'odd' })]));
    await peer.next('ack');
  };
  await sent(1);
  await sent(2);
  await inObject((sql) => {
    const exec = sql.exec.bind(sql);
    Object.defineProperty(sql, 'exec', {
      value: (statement: string, ...bindings: unknown[]) => {
        statements.push(statement);
        return exec(statement, ...bindings);
      },
      configurable: true,
    });
  });

  await sent(3);

  expect(statements.map((statement) => statement.slice(0, 15))).toEqual(['INSERT INTO log']);
});

test('what a transaction read that was rolled back is forgotten, and what it wrote', () =>
  withTables((sql, storage) => {
    const undone = () =>
      atomically(storage, () => {
        fruits.write(sql, '', 1, () => sql.exec("INSERT INTO fruits (name) VALUES ('pear')"));
        expect([count(sql, fruits, 'fruits'), count(sql, baskets, 'baskets')]).toEqual([1, 1]);
        throw new Error('undone');
      });

    expect(undone).toThrow('undone');

    expect([count(sql, fruits, 'fruits'), count(sql, baskets, 'baskets')]).toEqual([0, 0]);
  }));

test('tables of nobody who remembers are read each time', () =>
  inObject((sql) => {
    const other = { exec: sql.exec.bind(sql) } as unknown as SqlStorage;
    let reads = 0;
    for (let n = 0; n < 2; n += 1) fruits.get(other, '', () => (reads += 1));
    expect(reads).toBe(2);
    beginRemembering(other);
    for (let n = 0; n < 2; n += 1) fruits.get(other, '', () => (reads += 1));
    expect(reads).toBe(3);
  }));

test('a row that the tables refuse is named, and the rows beside it are stored as if it had not come', async () => {
  const mission = await newMission();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  await inObject((sql) =>
    sql.exec(
      "CREATE TRIGGER refuse BEFORE INSERT ON log WHEN NEW.body LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'refused'); END",
    ),
  );
  const turn = crypto.randomUUID();
  const called = (args: string) =>
    row(mission, { type: 'tool.called', turn, tool_call_id: args, name: 'bash', args: { command: args } });

  peer.send(batch('r1', 1, [called('first'), called('poison'), called('last')]));
  peer.send(batch('r1', 4, [called('later')]));

  expect((await peer.next('ack')).n).toBe(3);
  expect((await peer.next('ack')).n).toBe(4);
  const rows = await inObject((sql) =>
    sql.exec('SELECT sequence, type FROM log WHERE mission = ? ORDER BY seq', mission).toArray(),
  );
  expect(rows.slice(1)).toEqual([
    { sequence: 1, type: 'tool.called' },
    { sequence: null, type: 'log.rejected' },
    { sequence: 2, type: 'tool.called' },
    { sequence: 3, type: 'tool.called' },
  ]);
  const page = await object().events(owner, mission, { types: null, from: 1, limit: 500 });
  expect(page.ok && page.value.events.map(({ content }) => content)).toHaveLength(3);
});

test('what a batch brings that has to be taken again counts once for its owner', async () => {
  const mission = await newMission();
  const peer = await dialHost(host);
  peer.send(hello('r1'));
  await peer.next('welcome');
  await inObject((sql) =>
    sql.exec(
      "CREATE TRIGGER refuse BEFORE INSERT ON log WHEN NEW.body LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'refused'); END",
    ),
  );
  const called = (id: string, chars: number) =>
    row(mission, { type: 'tool.called', turn: mission, tool_call_id: id, name: 'bash', args: 'x'.repeat(chars) });
  // As much as is not in a row yet (log/bytes.ts); the last brings it there.
  const some = Array.from({ length: 10 }, (_, n) => called(`c${n}`, 5_000));

  peer.send(batch('r1', 1, [...some, called('poison', 1)]));
  expect((await peer.next('ack')).n).toBe(11);
  peer.send(batch('r1', 12, [called('last', 70_000)]));
  expect((await peer.next('ack')).n).toBe(12);

  const { bytes } = await inObject((sql) =>
    sql
      .exec<{ bytes: number }>('SELECT sum(length(CAST(body AS BLOB))) AS bytes FROM log WHERE mission = ?', mission)
      .one(),
  );
  expect((await object().usage(owner)).log_bytes).toBe(bytes);
});
