import { type MissionId, missionId } from '../../shared/ids.ts';
import { text } from './columns.ts';
import type { Database } from './database.ts';
import { transact } from './transaction.ts';

/**
 * Missions whose place was made ready before their first message, and which have got none: what is to be taken back.
 */
export class Prepared {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  all(): MissionId[] {
    const rows = this.#database.db.prepare('SELECT mission FROM prepared ORDER BY rowid').all();
    return rows.map((row) => missionId.parse(text(row, 'mission')));
  }

  /** Throws StoreFull. */
  add(mission: MissionId): void {
    const { db } = this.#database;
    transact(db, () => db.prepare('INSERT OR IGNORE INTO prepared (mission) VALUES (?)').run(mission));
  }

  /** Throws StoreFull. */
  remove(mission: MissionId): void {
    const { db } = this.#database;
    transact(db, () => db.prepare('DELETE FROM prepared WHERE mission = ?').run(mission));
  }
}
