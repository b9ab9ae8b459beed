import { type MissionId, missionId } from '../../shared/ids.ts';
import { type Columns, text } from './columns.ts';
import type { Database } from './database.ts';

/** Where a mission lives in OpenCode: its session, in the store `source` (history-heads.ts), and its directory. */
export interface MissionRecord {
  mission: MissionId;
  session: string;
  directory: string;
  source: string;
}

export class Missions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(id: MissionId): MissionRecord | undefined {
    const row = this.#database.db.prepare('SELECT * FROM missions WHERE mission = ?').get(id);
    return row && record(row);
  }

  /** The mission whose own session this is; sub-agents' sessions belong to no record. */
  ofSession(session: string): MissionRecord | undefined {
    const row = this.#database.db.prepare('SELECT * FROM missions WHERE session = ?').get(session);
    return row && record(row);
  }

  all(): MissionRecord[] {
    return this.#database.db.prepare('SELECT * FROM missions ORDER BY rowid').all().map(record);
  }

  /** Stores a mission, or the session it has now (OpenCode's store may have been replaced). */
  put(mission: MissionRecord): void {
    this.#database.db
      .prepare(`
        INSERT INTO missions (mission, session, directory, source) VALUES (?, ?, ?, ?)
        ON CONFLICT (mission) DO UPDATE SET session = excluded.session, directory = excluded.directory, source = excluded.source`)
      .run(mission.mission, mission.session, mission.directory, mission.source);
  }

  /**
   * Forgets a mission that was deleted, all but the ids of its commands: those are kept for ever. Call it in the
   * `alongside` of the append that stores the order's end.
   */
  forget(id: MissionId): void {
    const { db } = this.#database;
    db.prepare('DELETE FROM upstream WHERE session = (SELECT session FROM missions WHERE mission = ?)').run(id);
    for (const table of ['missions', 'opened', 'turns', 'requests'])
      db.prepare(`DELETE FROM ${table} WHERE mission = ?`).run(id);
  }

  /** True once this host has written the mission's `mission.opened` row. */
  isOpened(id: MissionId): boolean {
    return this.#database.db.prepare('SELECT 1 FROM opened WHERE mission = ?').get(id) !== undefined;
  }

  /** Call it in the `alongside` of the append that stores `mission.opened`. */
  opened(id: MissionId): void {
    this.#database.db.prepare('INSERT OR IGNORE INTO opened (mission) VALUES (?)').run(id);
  }
}

const record = (row: Columns): MissionRecord => ({
  mission: missionId.parse(text(row, 'mission')),
  session: text(row, 'session'),
  directory: text(row, 'directory'),
  source: text(row, 'source'),
});
