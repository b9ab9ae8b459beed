import { expect, test } from 'vitest';
import { type OutboundRows, type Outgoing, Sender } from '../../host-agent/link/sender.ts';
import type { StoredRow } from '../../host-agent/store/outbox.ts';
import { windowBytes, windowEvents } from '../../shared/limits.ts';

interface Run {
  run: string;
  head: number;
  /** First row that still exists. */
  first?: number;
  acked?: number;
}

/** Rows of several runs, oldest first, the last one current; row n of run r is the item "r n". */
const rowsOf = (runs: Run[], bytes = 10): OutboundRows => {
  const find = (name: string): Run | undefined => runs.find(({ run }) => run === name);
  return {
    head: () => ({ run: runs.at(-1)?.run ?? '', n: runs.at(-1)?.head ?? 0 }),
    headOf: (run) => find(run)?.head ?? 0,
    ackedOf: (run) => find(run)?.acked ?? 0,
    pendingRuns: () => runs.filter(({ head, acked = 0 }) => acked < head).map(({ run }) => run),
    page: (name, n, maxRows, maxBytes) => {
      const run = find(name);
      const page: StoredRow[] = [];
      if (!run) return page;
      for (let at = Math.max(n + 1, run.first ?? 1); at <= run.head && page.length < maxRows; at++) {
        if (page.length > 0 && (page.length + 1) * bytes > maxBytes) break;
        page.push({ n: at, bytes, item: `${name} ${at}` });
      }
      return page;
    },
  };
};

const everything = (sender: Sender): Outgoing[] => {
  const all: Outgoing[] = [];
  for (let next = sender.next(); next; next = sender.next()) all.push(next);
  return all;
};

test('older runs go first, each from after the n the edge named', () => {
  const rows = rowsOf([
    { run: 'a', head: 4 },
    { run: 'b', head: 2 },
    { run: 'now', head: 3 },
  ]);

  const sent = everything(
    new Sender(rows, [
      { run: 'a', n: 2 },
      { run: 'b', n: 0 },
      { run: 'now', n: 1 },
    ]),
  );

  expect(sent).toEqual([
    { kind: 'rows', run: 'a', from: 3, items: ['a 3', 'a 4'] },
    { kind: 'rows', run: 'b', from: 1, items: ['b 1', 'b 2'] },
    { kind: 'rows', run: 'now', from: 2, items: ['now 2', 'now 3'] },
  ]);
});

test('rows that exist no more are a gap, and the rows after it follow', () => {
  const rows = rowsOf([{ run: 'now', head: 6, first: 4 }]);

  expect(everything(new Sender(rows, [{ run: 'now', n: 1 }]))).toEqual([
    { kind: 'gap', run: 'now', from: 2, to: 3 },
    { kind: 'rows', run: 'now', from: 4, items: ['now 4', 'now 5', 'now 6'] },
  ]);
});

test('a run of which nothing is left is one gap', () => {
  const rows = rowsOf([
    { run: 'a', head: 5, first: 6 },
    { run: 'now', head: 1 },
  ]);

  expect(everything(new Sender(rows, []))).toEqual([
    { kind: 'gap', run: 'a', from: 1, to: 5 },
    { kind: 'rows', run: 'now', from: 1, items: ['now 1'] },
  ]);
});

test('a run the edge does not name goes on after the last acknowledged row', () => {
  const rows = rowsOf([{ run: 'now', head: 3, acked: 2 }]);

  expect(everything(new Sender(rows, []))).toEqual([{ kind: 'rows', run: 'now', from: 3, items: ['now 3'] }]);
});

test('no more than a window of events is unacknowledged, and an ack opens it', () => {
  const rows = rowsOf([{ run: 'now', head: windowEvents + 500 }]);
  const sender = new Sender(rows, []);

  const count = (sent: Outgoing[]): number =>
    sent.reduce((sum, each) => sum + (each.kind === 'rows' ? each.items.length : 0), 0);
  expect(count(everything(sender))).toBe(windowEvents);
  sender.acked('another', windowEvents);
  expect(sender.next()).toBeNull();
  sender.acked('now', windowEvents);
  expect(count(everything(sender))).toBe(500);
});

test('no more than a window of bytes is unacknowledged, in frames of about a megabyte', () => {
  const rowBytes = 100_000;
  const rows = rowsOf([{ run: 'now', head: 500 }], rowBytes);

  const frames = everything(new Sender(rows, [])).map((each) => (each.kind === 'rows' ? each.items.length : 0));

  for (const items of frames) expect(items * rowBytes).toBeLessThanOrEqual(1024 * 1024);
  const bytes = frames.reduce((sum, items) => sum + items * rowBytes, 0);
  expect(bytes).toBeGreaterThan(windowBytes - rowBytes);
  expect(bytes).toBeLessThanOrEqual(windowBytes + rowBytes);
});

test('rows appended later are found without a new session', () => {
  const run: Run = { run: 'now', head: 1 };
  const sender = new Sender(rowsOf([run]), []);
  everything(sender);
  expect(sender.sentOfCurrent()).toEqual({ run: 'now', n: 1 });

  run.head = 2;

  expect(sender.next()).toEqual({ kind: 'rows', run: 'now', from: 2, items: ['now 2'] });
});

test('an edge that claims more than this store ever had changes nothing for later rows', () => {
  const run: Run = { run: 'now', head: 2 };
  const sender = new Sender(rowsOf([run]), [{ run: 'now', n: 99 }]);
  expect(sender.next()).toBeNull();

  run.head = 3;

  expect(sender.next()).toEqual({ kind: 'rows', run: 'now', from: 3, items: ['now 3'] });
});
