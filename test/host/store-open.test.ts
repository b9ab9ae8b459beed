import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../host-agent/store/database.ts';
import { StoreFull } from '../../host-agent/store/transaction.ts';
import { message, newHostId, note, temporaryDirectory, temporaryStore } from '../support/host-store.ts';
import { noMount, unless } from '../support/needs.ts';

const newPath = (): string => join(temporaryDirectory(), 'host-agent.sqlite');

test('every opening draws a run of its own and keeps the rows of the runs before', () => {
  const path = newPath();
  const id = newHostId();
  const first = temporaryStore(path, id);
  first.outbox.append([note('a')]);
  first.close();

  const second = temporaryStore(path, id);

  expect(second.run).not.toBe(first.run);
  expect(second.outbox.head()).toEqual({ run: second.run, n: 0 });
  expect(second.outbox.pendingRuns()).toEqual([first.run]);
});

test('the store and its companions can be read by their owner only', () => {
  const path = newPath();
  temporaryStore(path).outbox.append([note('a')]);

  for (const suffix of ['', '-wal', '-shm']) expect(statSync(path + suffix).mode & 0o777).toBe(0o600);
});

test('the store of another host id is moved aside and a new one begins', () => {
  const path = newPath();
  const before = temporaryStore(path);
  before.outbox.append([note('not yours')]);
  before.close();

  const after = temporaryStore(path, newHostId());

  expect(after.outbox.pendingRuns()).toEqual([]);
  expect(after.replaced).toMatch(/\.replaced-\d+$/);
  const old = new DatabaseSync(after.replaced ?? '', { readOnly: true });
  expect(old.prepare('SELECT count(*) AS rows FROM outbox').get()).toEqual({ rows: 1 });
  old.close();
});

test('a store of a newer version is refused and left alone', () => {
  const path = newPath();
  const id = newHostId();
  const { db } = openDatabase(path, id);
  db.exec('PRAGMA user_version = 99');
  db.close();

  expect(() => openDatabase(path, id)).toThrow(/version 99.*newer version/s);
  const again = new DatabaseSync(path);
  expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  again.close();
});

test('a damaged store is refused with what to do, and left alone', () => {
  const path = newPath();
  writeFileSync(path, 'this was a database once '.repeat(400));

  expect(() => openDatabase(path, newHostId())).toThrow(/damaged.*backup or move it away/s);
  expect(statSync(path).size).toBe(10_000);
});

test('a process killed in the middle of appends leaves whole transactions with dense numbers', async () => {
  const path = newPath();
  const id = newHostId();
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['test/support/append-forever.ts', path, id], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      // Random in effect: wherever the child is while this chunk travels.
      if (printed.length > 400) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const committed = Number(printed.trimEnd().split('\n').at(-1));

    const store = temporaryStore(path, id);
    const run = store.outbox.pendingRuns().at(-1) ?? '';
    const rows = store.outbox.page(run, 0, 100_000, 1e9);
    expect(rows.length).toBeGreaterThanOrEqual(committed);
    expect(rows.map((row) => row.n)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.length).toBe(store.outbox.headOf(run));
    // Two rows and their head belong together.
    const texts = rows.map((row) => JSON.parse(row.item).event);
    expect(texts.map((event) => event.code)).toEqual(rows.map((_, index) => (index % 2 === 0 ? 'one' : 'two')));
    const stored = store.heads.head('session')?.seq ?? 0;
    if (round === 0) expect(stored).toBe(rows.length / 2);
    store.close();
  }
});

test.skipIf(noMount)(
  unless(noMount, 'a full disk is a StoreFull that changes nothing, and passes when there is room again'),
  async () => {
    const disk = join(temporaryDirectory(), 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    expect(mounted.stderr.toString()).toBe('');
    onTestFinished(() => {
      spawnSync('umount', ['-l', disk]);
    });
    const store = temporaryStore(join(disk, 'host-agent.sqlite'));
    await store.outbox.recheck();
    const heard: string[] = [];
    store.outbox.on('full', () => heard.push('full'));
    store.outbox.on('room', () => heard.push('room'));
    store.outbox.append([note('before')]);
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
    } catch {
      // Filled to the last byte, as intended.
    }

    const appendUntilFull = (bytes: number): void => {
      for (let row = 0; row < 10_000; row++) store.outbox.append([note('x'.repeat(bytes))]);
    };
    for (let before = -1; before !== store.outbox.head().n; ) {
      before = store.outbox.head().n;
      for (const bytes of [100_000, 1]) expect(() => appendUntilFull(bytes)).toThrow(StoreFull);
    }
    const head = store.outbox.head().n;
    expect(store.outbox.isFull()).toBe(true);
    expect(() => store.inbox.accept(Array.from({ length: 50 }, () => message()))).toThrow(StoreFull);
    await store.outbox.recheck();
    expect(store.outbox.isFull()).toBe(true);
    expect(store.outbox.page(store.run, 0, 1_000, 1e9).map((row) => row.n)).toEqual(
      Array.from({ length: head }, (_, index) => index + 1),
    );

    rmSync(filler);
    await store.outbox.recheck();
    store.outbox.append([note('after')]);

    expect(store.outbox.isFull()).toBe(false);
    expect(store.outbox.head().n).toBe(head + 1);
    expect(store.inbox.open()).toEqual([]);
    expect(heard).toEqual(['full', 'room']);
    expect(existsSync(filler)).toBe(false);
    expect(readdirSync(disk)).toContain('host-agent.sqlite');
    store.close();
  },
);
