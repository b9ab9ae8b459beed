// The segments of a log: one more with every wake-up that appends (protocol §1).

import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { Log } from '../../worker/host/log/log.ts';
import { countedRows } from './counted-rows.ts';

/** Runs with the storage of a fresh object. */
const inObject = <T>(run: (state: DurableObjectState) => T): Promise<T> =>
  runInDurableObject(env.HOST.get(env.HOST.idFromName(randomUUID())), (_instance, state) => run(state));

const title = { type: 'mission.titled', unknown: true, body: { type: 'mission.titled' } } as const;
/** Wakes up and appends a row. */
const wake = (sql: SqlStorage): Log => {
  const log = new Log(sql, () => crypto.randomUUID());
  log.append(null, null, 1, title);
  return log;
};
const countOf = (sql: SqlStorage): number => sql.exec<{ n: number }>('SELECT count(*) AS n FROM segments').one().n;

test('a cursor of any kept segment is known, and costs the same after thousands of wake-ups', async () => {
  await inObject(({ storage }) => {
    const { sql } = storage;
    const cursors = Array.from({ length: 3_000 }, () => wake(sql)).map((log) => log.cursorAt(log.head));
    const { host, read } = countedRows(storage, () => 1);
    const before = read();
    expect([0, 1_500, 2_999].map((at) => host.log.seqOf(cursors[at] ?? ''))).toEqual([1, 1_501, 3_000]);
    expect(host.log.seqOf((cursors[1_500] ?? '').replace(/\d+$/, '7'))).toBeNull();
    expect(host.log.cursorAt(2)).toBe(cursors[1]);

    expect(read() - before).toBeLessThan(30);
  });
});

test('old segments are let go in slices, and the rows that were in them stay positions', async () => {
  await inObject(({ storage: { sql } }) => {
    const first = wake(sql);
    const [oldest, log] = [first.cursorAt(1), first.id];
    sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10250)
         INSERT INTO segments (segment, first_seq) SELECT 'older' || i, 2 FROM n`,
    );
    const counts = Array.from({ length: 5 }, () => {
      wake(sql);
      return countOf(sql);
    });
    // Each adds one and lets a hundred go, until there are as many as are kept.
    expect(counts).toEqual([10_153, 10_054, 10_000, 10_000, 10_000]);

    const last = wake(sql);
    expect(last.seqOf(oldest)).toBeNull();
    const now = last.cursorAt(1);
    expect(now.startsWith(`${log}.older`)).toBe(true);
    expect([last.seqOf(now), last.seqOf(last.cursorAt(last.head)), last.seqOf('start')]).toEqual([1, last.head, 0]);
  });
});
