import { maxEventBytes } from '../../shared/limits.ts';
import { integer } from './columns.ts';
import type { Database } from './database.ts';
import { noReserve, type Reserve } from './reserve.ts';
import { DiskFull, StoreFull, transact } from './transaction.ts';

export interface Capacity {
  /** Unacknowledged bytes from which on nothing new is begun. */
  fullBytes: number;
  /** Unacknowledged bytes that are never exceeded. */
  maxBytes: number;
}

/**
 * A busy server writes about 1 MB per minute and mission, so this bridges a day without the edge for a dozen of them
 * and stays small beside what agents build. The rest up to the maximum is for the ends of turns that already run.
 */
const defaultCapacity: Capacity = { fullBytes: (15 * 1024 ** 3) / 8, maxBytes: 2 * 1024 ** 3 };

export interface RoomOptions {
  capacity?: Capacity;
  reserve?: Reserve;
}

/** Whether the outbox may grow: our own cap, or a disk that said no (protocol §3, full disk or outbox cap). */
export class Room {
  readonly #database: Database;
  readonly #changed: (full: boolean) => void;
  readonly #capacity: Capacity;
  readonly #reserve: Reserve;
  #unackedBytes = 0;
  #ackedBytes = 0;
  #diskFull = false;
  #wasFull = false;

  constructor(
    database: Database,
    changed: (full: boolean) => void,
    { capacity = defaultCapacity, reserve = noReserve }: RoomOptions = {},
  ) {
    this.#database = database;
    this.#changed = changed;
    this.#capacity = capacity;
    this.#reserve = reserve;
    this.#count();
    this.#wasFull = this.isFull();
  }

  isFull(): boolean {
    return this.#diskFull || this.#unackedBytes >= this.#capacity.fullBytes;
  }

  /**
   * Runs `write`, which adds `bytes`; throws StoreFull before it when the cap says so. A disk that is full is
   * remembered, and gives the reserve: then `write` runs once more.
   */
  watch(bytes: number, write: () => void): void {
    if (bytes > 0 && this.#unackedBytes + bytes > this.#capacity.maxBytes) {
      throw new StoreFull(
        `the outbox holds ${this.#unackedBytes} bytes that the edge has not taken; allowed are ${this.#capacity.maxBytes}`,
      );
    }
    try {
      write();
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.#disk(true);
      if (!this.#reserve.give()) throw error;
      write();
    }
  }

  /** A commit of `bytes` new unacknowledged bytes went through. */
  added(bytes: number): void {
    this.#unackedBytes += bytes;
    // What fits into the reserve says nothing of the disk.
    this.#tell();
  }

  /** The edge has taken `bytes`. */
  taken(bytes: number): void {
    this.#unackedBytes -= bytes;
    this.#ackedBytes += bytes;
    this.#tell();
  }

  /** Acknowledged bytes that are still kept. */
  ackedBytes(): number {
    return this.#ackedBytes;
  }

  pruned(bytes: number): void {
    this.#ackedBytes -= bytes;
  }

  /** Counts again, after acknowledgements were forgotten. */
  measure(): void {
    this.#count();
    this.#tell();
  }

  /**
   * Takes the reserve where it is not held: a disk that has no room for it has none for anything new. One that was full
   * has room again when as much as the largest event needs can be written too, which is taken back.
   */
  async recheck(): Promise<void> {
    const isHeld = await this.#reserve.take();
    if (!isHeld) this.#disk(true);
    if (!isHeld || !this.#diskFull) return;
    const { db } = this.#database;
    try {
      transact(db, () =>
        db.prepare('INSERT OR REPLACE INTO outbox VALUES (0, 0, 0, 0, hex(zeroblob(?)))').run(maxEventBytes),
      );
      transact(db, () => db.exec('DELETE FROM outbox WHERE run = 0'));
    } catch (error) {
      if (error instanceof StoreFull) return;
      throw error;
    }
    this.#disk(false);
  }

  #disk(full: boolean): void {
    this.#diskFull = full;
    this.#tell();
  }

  #tell(): void {
    const full = this.isFull();
    if (full === this.#wasFull) return;
    this.#wasFull = full;
    this.#changed(full);
  }

  #count(): void {
    const row = this.#database.db
      .prepare(`
        SELECT coalesce(sum(o.bytes) FILTER (WHERE o.n > r.acked), 0) AS unacked,
               coalesce(sum(o.bytes) FILTER (WHERE o.n <= r.acked), 0) AS acked
        FROM runs r JOIN outbox o ON o.run = r.position`)
      .get();
    this.#unackedBytes = integer(row, 'unacked');
    this.#ackedBytes = integer(row, 'acked');
  }
}
