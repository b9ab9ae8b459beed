import { EventEmitter } from 'node:events';
import type { StatementSync } from 'node:sqlite';
import { keepAckedBytes, keepAckedMs } from '../../shared/limits.ts';
import { integer, text } from './columns.ts';
import type { Database } from './database.ts';
import { encode, type OutboxRow } from './outbox-row.ts';
import { Room, type RoomOptions } from './room.ts';
import { afterCommit, transact } from './transaction.ts';

/** A place in the numbering of one run; `n` 0 is before its first row. */
export interface Position {
  run: string;
  n: number;
}

/** A stored row as the link sends it: `item` is the JSON of a frame item (shared/frames.ts). */
export interface StoredRow {
  n: number;
  bytes: number;
  item: string;
}

/** A few milliseconds of work; with one call a minute more than any server makes in the long run. */
const pruneRows = 10_000;

interface OutboxEvents {
  /** Rows were committed. */
  appended: [];
  /** No new turn may start, translation pauses (protocol §3, full disk or outbox cap). */
  full: [];
  /** The opposite of `full`. */
  room: [];
}

/**
 * Numbered events that the edge has not committed yet, and for a while those it has. Rows are never changed or merged;
 * n is dense inside a run, because it is drawn in the transaction that stores the row (protocol §1).
 */
export class Outbox extends EventEmitter<OutboxEvents> {
  readonly #database: Database;
  readonly #room: Room;
  readonly #insert: StatementSync;
  readonly #setHead: StatementSync;
  readonly #runOf: StatementSync;
  readonly #rows: StatementSync;

  constructor(database: Database, options: RoomOptions = {}) {
    super();
    const { db } = database;
    this.#database = database;
    this.#room = new Room(database, (full) => this.emit(full ? 'full' : 'room'), options);
    this.#insert = db.prepare('INSERT INTO outbox (run, n, bytes, at, item) VALUES (?, ?, ?, ?, ?)');
    this.#setHead = db.prepare('UPDATE runs SET head = ? WHERE position = ?');
    this.#runOf = db.prepare('SELECT position, head, acked FROM runs WHERE run = ?');
    this.#rows = db.prepare('SELECT n, bytes, item FROM outbox WHERE run = ? AND n > ? ORDER BY n LIMIT ?');
  }

  /**
   * Stores `rows` in order under the next numbers of the current run, and whatever `alongside` writes, in one
   * transaction; joins one that is open. `alongside` runs after the rows are in: `head()` there names the last of them.
   * Throws StoreFull, or EventRefused for an event the log would not take; then nothing is stored.
   */
  append(rows: readonly OutboxRow[], alongside?: () => void): void {
    const { db, run, runPosition } = this.#database;
    const items = rows.map(encode);
    const added = items.reduce((sum, item) => sum + item.bytes, 0);
    this.#room.watch(added, () =>
      transact(db, () => {
        let n = this.headOf(run);
        for (const item of items) this.#insert.run(runPosition, ++n, item.bytes, item.at, item.json);
        this.#setHead.run(n, runPosition);
        alongside?.();
        afterCommit(db, () => {
          this.#room.added(added);
          if (items.length > 0) this.emit('appended');
        });
      }),
    );
  }

  /**
   * The newest row over all runs: `at` of `hello` and `turns` (protocol §2). While a new run is still empty that is a
   * row of an older run; naming (new run, 0) instead would let the edge conclude from a list before the rows that
   * explain it have arrived.
   */
  newest(): Position {
    const row = this.#database.db
      .prepare('SELECT run, head FROM runs WHERE head > 0 ORDER BY position DESC LIMIT 1')
      .get();
    return row ? { run: text(row, 'run'), n: integer(row, 'head') } : this.head();
  }

  /** The last row of the current run. */
  head(): Position {
    return { run: this.#database.run, n: this.headOf(this.#database.run) };
  }

  /** The last n ever given out in `run`; 0 for a run this store does not have. */
  headOf(run: string): number {
    const row = this.#runOf.get(run);
    return row ? integer(row, 'head') : 0;
  }

  /** The n up to which the edge has acknowledged `run`. */
  ackedOf(run: string): number {
    const row = this.#runOf.get(run);
    return row ? integer(row, 'acked') : 0;
  }

  /**
   * Stored rows of `run` after `n`, ascending: at most `maxRows`, and at most `maxBytes` unless the first is larger.
   */
  page(run: string, n: number, maxRows: number, maxBytes: number): StoredRow[] {
    const known = this.#runOf.get(run);
    if (!known) return [];
    const page: StoredRow[] = [];
    let bytes = 0;
    for (const row of this.#rows.iterate(integer(known, 'position'), n, maxRows)) {
      bytes += integer(row, 'bytes');
      if (page.length > 0 && bytes > maxBytes) break;
      page.push({ n: integer(row, 'n'), bytes: integer(row, 'bytes'), item: text(row, 'item') });
    }
    return page;
  }

  /** All rows the edge has not acknowledged: older runs first, n ascending. Reads page by page. */
  *unacknowledged(pageRows = 500, pageBytes = 1024 * 1024): Generator<{ run: string; rows: StoredRow[] }> {
    for (const run of this.pendingRuns()) {
      let n = this.ackedOf(run);
      for (;;) {
        const rows = this.page(run, n, pageRows, pageBytes);
        const last = rows.at(-1);
        if (!last) break;
        yield { run, rows };
        n = last.n;
      }
    }
  }

  /** Runs with unacknowledged rows, oldest first; at most 1,000, as many as `hello` may name. */
  pendingRuns(): string[] {
    const rows = this.#database.db
      .prepare('SELECT run FROM runs WHERE acked < head ORDER BY position LIMIT 1000')
      .all();
    return rows.map((row) => text(row, 'run'));
  }

  /**
   * The edge has committed `run` up to `n`; lower or unknown positions change nothing. Throws StoreFull (harmless: acks
   * repeat).
   */
  ack(run: string, n: number): void {
    const { db } = this.#database;
    const row = this.#runOf.get(run);
    if (!row) return;
    const [from, to] = [integer(row, 'acked'), Math.min(n, integer(row, 'head'))];
    if (to <= from) return;
    transact(db, () => {
      const position = integer(row, 'position');
      const taken = db
        .prepare('SELECT coalesce(sum(bytes), 0) AS bytes FROM outbox WHERE run = ? AND n > ? AND n <= ?')
        .get(position, from, to);
      db.prepare('UPDATE runs SET acked = ? WHERE position = ?').run(to, position);
      db.prepare('UPDATE edge SET acked_run = ?, acked_n = ?').run(run, to);
      afterCommit(db, () => this.#room.taken(integer(taken, 'bytes')));
    });
  }

  /** The last acknowledged position of this store, of whatever run. */
  lastAcked(): Position | null {
    const row = this.#database.db
      .prepare('SELECT acked_run, acked_n FROM edge WHERE acked_run IS NOT NULL AND acked_n IS NOT NULL')
      .get();
    return row ? { run: text(row, 'acked_run'), n: integer(row, 'acked_n') } : null;
  }

  /** The edge began a new log: every kept row counts as unacknowledged again (protocol §6, rolled back). */
  forgetAcks(): void {
    const { db } = this.#database;
    transact(db, () => {
      db.exec('UPDATE runs SET acked = 0');
      db.exec('UPDATE edge SET acked_run = NULL, acked_n = NULL');
      afterCommit(db, () => this.#room.measure());
    });
  }

  /**
   * Drops acknowledged rows, oldest first, while they are older than keepAckedMs (counted from their making) or exceed
   * keepAckedBytes together; at most pruneRows per call, so that nothing waits long for it. Out: how many.
   */
  prune(now: number, keep = { ms: keepAckedMs, bytes: keepAckedBytes }): number {
    const { db } = this.#database;
    const remove = db.prepare('DELETE FROM outbox WHERE run = ? AND n = ?');
    const oldest = db.prepare(`
      SELECT o.run, o.n, o.at, o.bytes FROM runs r JOIN outbox o ON o.run = r.position AND o.n <= r.acked
      ORDER BY r.position, o.n LIMIT ?`);
    return transact(db, () => {
      let dropped = 0;
      let bytes = 0;
      for (const row of oldest.all(pruneRows)) {
        const surplus = this.#room.ackedBytes() - bytes - keep.bytes;
        if (integer(row, 'at') >= now - keep.ms && surplus <= 0) break;
        remove.run(integer(row, 'run'), integer(row, 'n'));
        bytes += integer(row, 'bytes');
        dropped++;
      }
      afterCommit(db, () => this.#room.pruned(bytes));
      return dropped;
    });
  }

  /** True while no new turn may start and translation must pause; `full` and `room` tell of changes. */
  isFull(): boolean {
    return this.#room.isFull();
  }

  /** Takes the reserve, and while full looks whether there is room again: a person may have freed the disk. */
  recheck(): Promise<void> {
    return this.#room.recheck();
  }
}
