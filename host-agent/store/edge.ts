import { textOrNull } from './columns.ts';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';

/** What this host knows of its edge; `hello` tells it, so that a side that was rolled back is recognised (protocol §6). */
export interface KnownEdge {
  /** The last run that ever got a `welcome`. */
  welcomedRun: string | null;
  log: string | null;
  /** Newest segment seen. */
  segment: string | null;
}

export class EdgeMemory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  known(): KnownEdge {
    const row = this.#database.db.prepare('SELECT welcomed_run, log, segment FROM edge').get();
    return {
      welcomedRun: textOrNull(row, 'welcomed_run'),
      log: textOrNull(row, 'log'),
      segment: textOrNull(row, 'segment'),
    };
  }

  /** A `welcome` came for the current run. */
  welcomed(log: string, segment: string): void {
    const { db, run } = this.#database;
    transact(db, () => db.prepare('UPDATE edge SET welcomed_run = ?, log = ?, segment = ?').run(run, log, segment));
  }

  /** The edge goes on in another segment of the same log. */
  seen(segment: string): void {
    const { db } = this.#database;
    if (this.known().segment === segment) return;
    transact(db, () => db.prepare('UPDATE edge SET segment = ?').run(segment));
  }
}
