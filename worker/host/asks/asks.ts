import { type AskJson, timestamp } from '../../../shared/api.ts';
import type { AskKind, AskOutcome, LogEvent } from '../../../shared/events.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { pageBytes } from '../../../shared/limits.ts';
import type { HostContext } from '../context.ts';
import type { Listed } from '../replies.ts';

type Asked = Extract<LogEvent, { type: 'request.asked' }>;
type Ended = Extract<LogEvent, { type: 'request.ended' }>;

/** A question or permission that a mission's agent waits, or waited, for. */
export interface Ask {
  request: string;
  mission: MissionId;
  turn: string;
  kind: AskKind;
  tool_call_id: string | null;
  parent_call: string | null;
  /** JSON; empty once nobody needs it any more. */
  body: string;
  asked_at: number;
  /** The answer that was first (answers.ts), also before the agent has it. */
  answer: CommandId | null;
  ended: AskOutcome | null;
}

type Row = { [Key in keyof Ask]: Ask[Key] };

export const getAsk = (sql: SqlStorage, request: string): Ask | null =>
  sql.exec<Row>('SELECT * FROM requests WHERE request = ?', request).toArray()[0] ?? null;

/** The newest question of a tool call. */
export const questionOf = (sql: SqlStorage, toolCallId: string): Ask | null =>
  sql
    .exec<Row>(
      "SELECT * FROM requests WHERE tool_call_id = ? AND kind = 'question' ORDER BY asked_at DESC LIMIT 1",
      toolCallId,
    )
    .toArray()[0] ?? null;

/**
 * Stores a question or permission. False when it is already known: a host reports it again after its store was
 * restored.
 */
export const storeAsk = (host: HostContext, mission: MissionId, event: Asked): boolean => {
  if (getAsk(host.sql, event.request)) return false;
  host.sql.exec(
    `INSERT INTO requests (request, mission, turn, kind, tool_call_id, parent_call, body, asked_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    event.request,
    mission,
    event.turn,
    event.kind,
    event.tool_call_id,
    event.parent_call ?? null,
    JSON.stringify(event.body ?? null),
    host.now(),
  );
  return true;
};

/** Stores the end of a question or permission; false for a second one. */
export const endAsk = (sql: SqlStorage, { request, outcome }: Ended): boolean => {
  if (getAsk(sql, request)?.ended != null) return false;
  sql.exec("UPDATE requests SET ended = ?, body = '' WHERE request = ?", outcome, request);
  return true;
};

/**
 * Ends for the questions and permissions that are still open when their turn ends and whose own end the host has not
 * reported.
 */
export const endsWith = (sql: SqlStorage, mission: string, turn: string): Ended[] =>
  sql
    .exec<{ request: string }>(
      'SELECT request FROM requests WHERE ended IS NULL AND mission = ? AND turn = ? ORDER BY asked_at',
      mission,
      turn,
    )
    .toArray()
    .map(({ request }) => ({ type: 'request.ended', request, outcome: 'expired' }));

/** The mission's agent waits for a person. */
export const isWaiting = (sql: SqlStorage, mission: string): boolean =>
  sql.exec('SELECT 1 FROM requests WHERE ended IS NULL AND mission = ? LIMIT 1', mission).toArray().length > 0;

/**
 * SQL: ids of the open and unanswered asks of a user, the oldest first. Of others only entries of the index are read.
 */
const openOf = `WITH asking AS (SELECT DISTINCT mission FROM requests INDEXED BY requests_open WHERE ended IS NULL)
  SELECT r.request AS request, r.asked_at AS asked_at FROM asking JOIN missions m ON m.id = asking.mission
      CROSS JOIN requests r INDEXED BY requests_open ON r.mission = asking.mission
    WHERE m.owner = ? AND m.deleted_at IS NULL AND r.ended IS NULL AND r.answer IS NULL
    ORDER BY r.asked_at, r.request`;

/**
 * What people of this user can answer, the oldest first: open, and not answered yet. One page of them (512 KB), behind
 * the one named `after`; only of missions for which `isShown` is true.
 */
export const askPage = (
  sql: SqlStorage,
  owner: string,
  after: string | null,
  isShown: (mission: string) => boolean = () => true,
): Listed<AskJson> => {
  const from = after === null ? null : getAsk(sql, after);
  const open = sql.exec<{ request: string; asked_at: number }>(openOf, owner).toArray();
  const list: AskJson[] = [];
  let bytes = 0;
  for (const { request, asked_at: at } of open) {
    if (from && (at < from.asked_at || (at === from.asked_at && request <= from.request))) continue;
    const row = getAsk(sql, request);
    if (!row || !isShown(row.mission)) continue;
    list.push(askJson(row));
    bytes += Buffer.byteLength(row.body);
    if (bytes >= pageBytes) return { list, next: request };
  }
  return { list, next: null };
};

const askJson = (row: Ask): AskJson => ({
  id: row.request,
  kind: row.kind,
  mission_id: row.mission,
  tool_call_id: row.tool_call_id,
  ...(row.parent_call === null ? {} : { parent_call: row.parent_call }),
  asked_at: timestamp(row.asked_at),
  body: JSON.parse(row.body),
});

/** Removes what a deleted mission asked, and the answers to it: at most `most` rows; out: how many. */
export const forgetAsks = (sql: SqlStorage, mission: string, most: number): number => {
  const asked = sql.exec(
    `DELETE FROM requests WHERE request IN (SELECT request FROM requests INDEXED BY requests_of WHERE mission = ? LIMIT ?)
       RETURNING 1`,
    mission,
    most,
  );
  const left = most - asked.toArray().length;
  const answers = sql.exec(
    'DELETE FROM answers WHERE ord IN (SELECT ord FROM answers INDEXED BY answers_of WHERE mission = ? LIMIT ?) RETURNING 1',
    mission,
    left,
  );
  return most - left + answers.toArray().length;
};
