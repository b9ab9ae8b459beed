import { randomUUID } from 'node:crypto';
import { integer, text } from './columns.ts';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';

/** The newest event of an OpenCode session whose rows are in the outbox. */
export interface UpstreamHead {
  seq: number;
  event: string;
}

/**
 * How far OpenCode's history was translated. `source` names one life of OpenCode's store and is drawn anew when that
 * was replaced, so that its restarted sequence numbers are not taken for known ones (protocol §3).
 */
export class HistoryHeads {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The current source; the first call of a new store draws it. */
  source(): string {
    const row = this.#database.db.prepare('SELECT source FROM sources ORDER BY position DESC LIMIT 1').get();
    return row ? text(row, 'source') : this.newSource();
  }

  /** OpenCode's store is another one now: draws and returns a new source. */
  newSource(): string {
    const { db } = this.#database;
    const source = randomUUID();
    transact(db, () => db.prepare('INSERT INTO sources (source) VALUES (?)').run(source));
    return source;
  }

  /** The head of `session` under `source` (default: the current one). */
  head(session: string, source: string = this.source()): UpstreamHead | undefined {
    const row = this.#database.db
      .prepare('SELECT seq, event FROM upstream WHERE source = ? AND session = ?')
      .get(source, session);
    return row && { seq: integer(row, 'seq'), event: text(row, 'event') };
  }

  /**
   * Moves the head of a session forward; a lower seq changes nothing. Call it in the `alongside` of the append that
   * stores the rows made from that event, or with no rows for an event that yields none.
   */
  advance(source: string, session: string, seq: number, event: string): void {
    this.#database.db
      .prepare(`
        INSERT INTO upstream (source, session, seq, event) VALUES (?, ?, ?, ?)
        ON CONFLICT (source, session) DO UPDATE SET seq = excluded.seq, event = excluded.event WHERE excluded.seq > seq`)
      .run(source, session, seq, event);
  }
}
