import { type CommandId, commandId, type MissionId, missionId, type TurnId, turnId } from '../../shared/ids.ts';
import { type Columns, integer, integerOrNull, text } from './columns.ts';
import type { Database } from './database.ts';

/**
 * One execution of one message. `process` is the OpenCode process it was started on (`instance` in SQL). Times in ms.
 */
export interface TurnRecord {
  turn: TurnId;
  command: CommandId;
  mission: MissionId;
  session: string;
  directory: string;
  process: string;
  startedAt: number;
  /** When OpenCode was seen to have stored the message. */
  acceptedAt: number | null;
  /** How often the prompt was sent again. */
  resends: number;
  endedAt: number | null;
}

/**
 * Turns, committed before their prompt is sent (protocol §1). Writes join the transaction of `Outbox.append`'s
 * `alongside`.
 */
export class Turns {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  start(record: TurnRecord): void {
    this.#database.db
      .prepare(`
        INSERT INTO turns (turn, command, mission, session, directory, instance, started_at, accepted_at, resends, ended_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(
        record.turn,
        record.command,
        record.mission,
        record.session,
        record.directory,
        record.process,
        record.startedAt,
        record.acceptedAt,
        record.resends,
        record.endedAt,
      );
  }

  /** The first acceptance counts; later ones change nothing. */
  accepted(turn: TurnId, at: number): void {
    this.#database.db.prepare('UPDATE turns SET accepted_at = ? WHERE turn = ? AND accepted_at IS NULL').run(at, turn);
  }

  /** The prompt is about to be sent again, to this OpenCode process; committed before it is sent. */
  resent(turn: TurnId, process: string): void {
    this.#database.db.prepare('UPDATE turns SET resends = resends + 1, instance = ? WHERE turn = ?').run(process, turn);
  }

  end(turn: TurnId, at: number): void {
    this.#database.db.prepare('UPDATE turns SET ended_at = ? WHERE turn = ? AND ended_at IS NULL').run(at, turn);
  }

  /** Turns without an end, oldest first: what a restarted host-agent attaches to. */
  live(): TurnRecord[] {
    return this.#database.db
      .prepare('SELECT * FROM turns WHERE ended_at IS NULL ORDER BY started_at, rowid')
      .all()
      .map(record);
  }

  /** The turn of a command, ended or not. */
  ofCommand(id: CommandId): TurnRecord | undefined {
    const row = this.#database.db.prepare('SELECT * FROM turns WHERE command = ? ORDER BY rowid DESC LIMIT 1').get(id);
    return row && record(row);
  }
}

const record = (row: Columns): TurnRecord => ({
  turn: turnId.parse(text(row, 'turn')),
  command: commandId.parse(text(row, 'command')),
  mission: missionId.parse(text(row, 'mission')),
  session: text(row, 'session'),
  directory: text(row, 'directory'),
  process: text(row, 'instance'),
  startedAt: integer(row, 'started_at'),
  acceptedAt: integerOrNull(row, 'accepted_at'),
  resends: integer(row, 'resends'),
  endedAt: integerOrNull(row, 'ended_at'),
});
