import { type Command, type CommandEnvelope, command } from '../../shared/commands.ts';
import type { Interrupt } from '../../shared/frames.ts';
import { type CommandId, commandId } from '../../shared/ids.ts';
import { integer, text } from './columns.ts';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';

/** In the column `mission` of a command that is of none. */
const noMission = '';

/**
 * Every command this host was ever given, in order of arrival. Ids are kept for ever, so that a repeated command is
 * never a second one; the content goes when the command ends.
 */
export class Inbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Commits `commands`; out: those that were not known before. Only after this may `received` be sent (protocol §4).
   */
  accept(commands: readonly CommandEnvelope[]): CommandId[] {
    const { db } = this.#database;
    const insert = db.prepare(`
      INSERT INTO inbox (id, mission, received, cancelled, body) VALUES (?, ?, 1, 0, ?)
      ON CONFLICT (id) DO UPDATE SET received = 1, body = excluded.body WHERE received = 0`);
    return transact(db, () =>
      commands
        .filter((each) => insert.run(each.id, each.mission ?? noMission, JSON.stringify(each)).changes > 0)
        .map((each) => each.id),
    );
  }

  /** Commands without an end, in order of arrival; cancelled ones included (see isCancelled). */
  open(): Command[] {
    const rows = this.#database.db
      .prepare('SELECT id, body FROM inbox WHERE received = 1 AND end_run IS NULL ORDER BY position')
      .all();
    return rows.map((row) => command.parse(JSON.parse(text(row, 'body'))));
  }

  /** For `hello`: commands without an end, and those whose end row is kept but not acknowledged yet (protocol §4). */
  openIds(): CommandId[] {
    const rows = this.#database.db
      .prepare(`
        SELECT i.id FROM inbox i WHERE i.received = 1 AND i.end_run IS NULL
        UNION ALL
        SELECT i.id FROM runs r JOIN inbox i ON i.end_run = r.position AND i.end_n > r.acked
        JOIN outbox o ON o.run = i.end_run AND o.n = i.end_n`)
      .all();
    return rows.map((row) => commandId.parse(text(row, 'id')));
  }

  /**
   * Ends a command. Call it in the `alongside` of the append that stores its end row: the last row so far of the
   * current run is noted as that row. A second end changes nothing.
   */
  end(id: CommandId): void {
    const { db, runPosition } = this.#database;
    db.prepare(`
      UPDATE inbox SET body = NULL, end_run = ?1, end_n = (SELECT head FROM runs WHERE position = ?1)
      WHERE id = ?2 AND end_run IS NULL`).run(runPosition, id);
  }

  /**
   * Ends a command without reporting an end (see Dispatch.welcome). A command that has ended already stays as it is.
   */
  drop(id: CommandId): void {
    const { db } = this.#database;
    transact(db, () =>
      db.prepare('UPDATE inbox SET body = NULL, end_run = 0, end_n = 0 WHERE id = ? AND end_run IS NULL').run(id),
    );
  }

  /** Stores the wish to cancel; for a command that is not here yet it leaves a tombstone, so that it never starts. */
  cancel(interrupt: Interrupt): void {
    const { db } = this.#database;
    transact(db, () =>
      db
        .prepare(`
          INSERT INTO inbox (id, mission, received, cancelled) VALUES (?, ?, 0, 1)
          ON CONFLICT (id) DO UPDATE SET cancelled = 1`)
        .run(interrupt.command, interrupt.mission),
    );
  }

  isCancelled(id: CommandId): boolean {
    const row = this.#database.db.prepare('SELECT cancelled FROM inbox WHERE id = ?').get(id);
    return row !== undefined && integer(row, 'cancelled') === 1;
  }

  /** True from its arrival to its end. */
  isOpen(id: CommandId): boolean {
    const open = 'SELECT 1 FROM inbox WHERE id = ? AND received = 1 AND end_run IS NULL';
    return this.#database.db.prepare(open).get(id) !== undefined;
  }

  /** True once the command was received, whether it has ended or not; a tombstone alone is not the command. */
  has(id: CommandId): boolean {
    return this.#database.db.prepare('SELECT 1 FROM inbox WHERE id = ? AND received = 1').get(id) !== undefined;
  }
}
