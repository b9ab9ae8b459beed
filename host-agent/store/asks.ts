import { type AskKind, type AskOutcome, askKind, askOutcome } from '../../shared/events.ts';
import { type CommandId, commandId, type MissionId, missionId, type TurnId, turnId } from '../../shared/ids.ts';
import { type Columns, text, textOrNull } from './columns.ts';
import type { Database } from './database.ts';

/**
 * A question or permission that the log was told of. It lives and dies with the OpenCode process `process`, which is
 * `instance` in SQL.
 */
export interface AskRecord {
  request: string;
  mission: MissionId;
  turn: TurnId;
  /** Where OpenCode looks for it. */
  directory: string;
  process: string;
  kind: AskKind;
  /** Null while it is open. */
  outcome: AskOutcome | null;
  /** The answer that was, or was about to be, handed to that process. */
  attempt: CommandId | null;
}

/**
 * Asks by OpenCode's id, kept for ever, so that none is asked twice. Writes join the transaction of `Outbox.append`'s
 * `alongside`, except an attempt, which is committed before the reply is sent (protocol §4 "Answers").
 */
export class Asks {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(request: string): AskRecord | undefined {
    const row = this.#database.db.prepare('SELECT * FROM requests WHERE request = ?').get(request);
    return row && record(row);
  }

  openOf(turn: TurnId): AskRecord[] {
    return this.#database.db
      .prepare('SELECT * FROM requests WHERE turn = ? AND outcome IS NULL ORDER BY rowid')
      .all(turn)
      .map(record);
  }

  asked({ request, mission, turn, directory, process, kind }: AskRecord): void {
    this.#database.db
      .prepare('INSERT INTO requests (request, mission, turn, directory, instance, kind) VALUES (?, ?, ?, ?, ?, ?)')
      .run(request, mission, turn, directory, process, kind);
  }

  /**
   * Records that this answer is about to be sent to OpenCode. Null takes the record back, when OpenCode said that it
   * did not accept the answer.
   */
  attempted(request: string, command: CommandId | null): void {
    this.#database.db
      .prepare('UPDATE requests SET attempt = ? WHERE request = ? AND outcome IS NULL')
      .run(command, request);
  }

  /** The first end counts. */
  ended(request: string, outcome: AskOutcome): void {
    this.#database.db
      .prepare('UPDATE requests SET outcome = ? WHERE request = ? AND outcome IS NULL')
      .run(outcome, request);
  }

  /** Somebody rejected an ask of this turn, which stops the agent. */
  wasRejected(turn: TurnId): boolean {
    const found = this.#database.db.prepare("SELECT 1 FROM requests WHERE turn = ? AND outcome = 'rejected'").get(turn);
    return found !== undefined;
  }
}

const record = (row: Columns): AskRecord => {
  const [outcome, attempt] = [textOrNull(row, 'outcome'), textOrNull(row, 'attempt')];
  return {
    request: text(row, 'request'),
    mission: missionId.parse(text(row, 'mission')),
    turn: turnId.parse(text(row, 'turn')),
    directory: text(row, 'directory'),
    process: text(row, 'instance'),
    kind: askKind.parse(text(row, 'kind')),
    outcome: outcome === null ? null : askOutcome.parse(outcome),
    attempt: attempt === null ? null : commandId.parse(attempt),
  };
};
