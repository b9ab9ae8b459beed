import { integer, textOrNull } from './columns.ts';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';

/**
 * What this host knows of its edge; `hello` tells it, so that a side that was rolled back is recognised (protocol §6).
 */
export interface KnownEdge {
  /** The last run that ever got a `welcome`. */
  welcomedRun: string | null;
  log: string | null;
  /** Newest segment told, and how far the log had come in it. */
  segment: string | null;
  seq: number;
}

/** The newest position of the edge's log, as its frames tell it. */
export interface LogHead {
  segment: string;
  seq: number;
}

export class EdgeMemory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  known(): KnownEdge {
    const row = this.#database.db.prepare('SELECT welcomed_run, log, segment, seq FROM edge').get();
    return {
      welcomedRun: textOrNull(row, 'welcomed_run'),
      log: textOrNull(row, 'log'),
      segment: textOrNull(row, 'segment'),
      seq: integer(row, 'seq'),
    };
  }

  /** A `welcome` came for the current run. */
  welcomed(log: string, head: LogHead): void {
    const { db, run } = this.#database;
    transact(db, () =>
      db
        .prepare('UPDATE edge SET welcomed_run = ?, log = ?, segment = ?, seq = ?')
        .run(run, log, head.segment, head.seq),
    );
  }

  /** The edge's log has come this far. */
  seen(head: LogHead): void {
    const { db } = this.#database;
    const known = this.known();
    if (known.segment === head.segment && known.seq === head.seq) return;
    transact(db, () => db.prepare('UPDATE edge SET segment = ?, seq = ?').run(head.segment, head.seq));
  }
}
