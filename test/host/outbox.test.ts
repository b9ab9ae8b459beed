import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../host-agent/store/database.ts';
import { Outbox, type StoredRow } from '../../host-agent/store/outbox.ts';
import { EventRefused } from '../../host-agent/store/outbox-row.ts';
import { StoreFull } from '../../host-agent/store/transaction.ts';
import { maxEventBytes } from '../../shared/limits.ts';
import { newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';

const textsOf = (rows: StoredRow[]): string[] => rows.map((row) => JSON.parse(row.item).event.text);

test('rows get dense numbers from 1 in the order they were appended', () => {
  const { outbox, run } = temporaryStore();

  outbox.append([note('a'), note('b')]);
  outbox.append([note('c')]);

  const rows = outbox.page(run, 0, 10, 1_000_000);
  expect(rows.map((row) => row.n)).toEqual([1, 2, 3]);
  expect(textsOf(rows)).toEqual(['a', 'b', 'c']);
  expect(outbox.head()).toEqual({ run, n: 3 });
});

test('rows and what is written alongside are stored together or not at all', () => {
  const { outbox, heads, run } = temporaryStore();
  const source = heads.source();

  expect(() =>
    outbox.append([note('a')], () => {
      heads.advance(source, 'session', 7, 'evt_7');
      throw new Error('stop');
    }),
  ).toThrow('stop');

  expect(outbox.head()).toEqual({ run, n: 0 });
  expect(heads.head('session')).toBeUndefined();

  outbox.append([note('b')], () => heads.advance(source, 'session', 7, 'evt_7'));

  expect(textsOf(outbox.page(run, 0, 10, 1_000))).toEqual(['b']);
  expect(heads.head('session')).toEqual({ seq: 7, event: 'evt_7' });
});

test('an error that was caught inside a transaction still undoes all of it', () => {
  const { outbox, run, transact } = temporaryStore();

  expect(() =>
    transact(() => {
      outbox.append([note('first')]);
      try {
        outbox.append([note('second')], () => {
          throw new Error('inner');
        });
      } catch {
        // The caller carries on as if nothing had happened, which must not work.
      }
    }),
  ).toThrow('inner');

  expect(outbox.head()).toEqual({ run, n: 0 });
});

test('listeners hear of rows only once these are committed', () => {
  const { outbox, transact } = temporaryStore();
  const heard: number[] = [];
  outbox.on('appended', () => heard.push(outbox.head().n));

  transact(() => {
    outbox.append([note('a')]);
    expect(heard).toEqual([]);
    outbox.append([note('b')]);
  });

  expect(heard).toEqual([2, 2]);
});

test('an event that is too large or none at all is refused and takes no number', () => {
  const { outbox, run } = temporaryStore();

  expect(() => outbox.append([note('ok'), note('x'.repeat(maxEventBytes))])).toThrow(EventRefused);
  // @ts-expect-error a caller that got past the compiler
  expect(() => outbox.append([{ at: 1, mission: null, event: { type: 'host.note' } }])).toThrow();

  expect(outbox.head()).toEqual({ run, n: 0 });
});

test('a page ends at its byte limit but never before its first row', () => {
  const { outbox, run } = temporaryStore();
  outbox.append([note('x'.repeat(1_000)), note('y'.repeat(1_000)), note('z')]);

  const [first, second] = outbox.page(run, 0, 10, 1_000_000);
  const two = (first?.bytes ?? 0) + (second?.bytes ?? 0);

  expect(outbox.page(run, 0, 10, 10).map((row) => row.n)).toEqual([1]);
  expect(outbox.page(run, 0, 10, two).map((row) => row.n)).toEqual([1, 2]);
  expect(outbox.page(run, 0, 2, 1_000_000).map((row) => row.n)).toEqual([1, 2]);
});

test('acknowledged rows leave the unacknowledged ones, and a lower or unknown ack changes nothing', () => {
  const { outbox, run } = temporaryStore();
  outbox.append([note('a'), note('b'), note('c')]);

  outbox.ack(run, 2);
  outbox.ack(run, 1);
  outbox.ack('somebody else', 9);

  expect(outbox.ackedOf(run)).toBe(2);
  expect(outbox.lastAcked()).toEqual({ run, n: 2 });
  expect([...outbox.unacknowledged()].flatMap(({ rows }) => textsOf(rows))).toEqual(['c']);
});

test('an ack beyond the head acknowledges what there is and nothing that comes later', () => {
  const { outbox, run } = temporaryStore();
  outbox.append([note('a')]);

  outbox.ack(run, 99);
  outbox.append([note('b')]);

  expect(outbox.ackedOf(run)).toBe(1);
  expect(outbox.pendingRuns()).toEqual([run]);
});

test('unacknowledged rows of older runs come first, through any page size', () => {
  const path = join(temporaryDirectory(), 'host-agent.sqlite');
  const id = newHostId();
  const runs = ['a', 'b', 'c'].map((name) => {
    const store = temporaryStore(path, id);
    store.outbox.append([note(`${name}1`), note(`${name}2`), note(`${name}3`)]);
    store.close();
    return store.run;
  });
  const { outbox } = temporaryStore(path, id);
  outbox.ack(runs[1] ?? '', 3);

  const seen = [...outbox.unacknowledged(2)].flatMap(({ rows }) => textsOf(rows));

  expect(outbox.pendingRuns()).toEqual([runs[0], runs[2]]);
  expect(seen).toEqual(['a1', 'a2', 'a3', 'c1', 'c2', 'c3']);
});

test('pruning drops acknowledged rows that are too old or too many, and no other', () => {
  const { outbox, run } = temporaryStore();
  outbox.append([note('old', 1), note('mid', 500), note('new', 900), note('unacked', 1)]);
  outbox.ack(run, 3);

  outbox.prune(1_000, { ms: 600, bytes: 1_000_000 });
  expect(textsOf(outbox.page(run, 0, 10, 1_000_000))).toEqual(['mid', 'new', 'unacked']);

  outbox.prune(1_000, { ms: 600, bytes: 120 });
  expect(textsOf(outbox.page(run, 0, 10, 1_000_000))).toEqual(['new', 'unacked']);
  expect(outbox.headOf(run)).toBe(4);
});

test('forgetting acks makes every kept row pending again', () => {
  const { outbox, run } = temporaryStore();
  outbox.append([note('a'), note('b')]);
  outbox.ack(run, 2);
  expect(outbox.pendingRuns()).toEqual([]);

  outbox.forgetAcks();

  expect(outbox.pendingRuns()).toEqual([run]);
  expect(outbox.lastAcked()).toBeNull();
});

test('the cap says full with room left for ends, then refuses, and opens again with acks', () => {
  const database = openDatabase(join(temporaryDirectory(), 'host-agent.sqlite'), newHostId());
  const outbox = new Outbox(database, { capacity: { fullBytes: 2_000, maxBytes: 4_000 } });
  const heard: string[] = [];
  outbox.on('full', () => heard.push('full'));
  outbox.on('room', () => heard.push('room'));

  outbox.append([note('x'.repeat(2_000))]);
  expect(outbox.isFull()).toBe(true);
  outbox.append([note('an end still fits')]);
  expect(() => outbox.append([note('x'.repeat(3_000))])).toThrow(StoreFull);
  expect(outbox.head().n).toBe(2);

  outbox.ack(database.run, 1);
  expect(outbox.isFull()).toBe(false);
  outbox.append([note('again')]);

  expect(outbox.head().n).toBe(3);
  expect(heard).toEqual(['full', 'room']);
  database.db.close();
});
