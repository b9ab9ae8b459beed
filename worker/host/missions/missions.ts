import { type HistoryEntry, type MissionJson, timestamp } from '../../../shared/api.ts';
import { outcomeOf } from '../../../shared/events.ts';
import type { TurnId } from '../../../shared/ids.ts';
import { isResumable, type MissionState } from '../../../shared/reducer.ts';
import type { HostContext } from '../context.ts';
import { takeBytes } from '../log/bytes.ts';
import { type Log, type LogRow, nextSequence } from '../log/log.ts';
import { messageText } from '../messages/messages.ts';
import { lostMessage, unplaced } from '../messages/places.ts';
import { remembered } from '../remembered.ts';
import type { NewMission } from '../replies.ts';
import { partText } from '../text/parts.ts';

/** A mission as the object keeps it. Times in milliseconds, money in dollars. */
export interface Mission extends MissionState, NewMission {
  next_sequence: number;
  cost_usd: number;
  turn_cost_usd: number;
  created_at: number;
  updated_at: number;
  interrupted_at: number | null;
  deleted_at: number | null;
  /** How far it is purged (trash.ts); 0 while it can be had back, and while it is not deleted. */
  purge: number;
  /** Up to which `sequence` its log has left by age or size (retention/); 0: nothing of it. */
  pruned: number;
  rev: number;
}

/** The same as SQLite has it. */
type MissionRow = Omit<Mission, 'endedTurn' | 'next_sequence'> & { ended_turn: TurnId | null; next: number };

const toMission = ({ ended_turn, next, ...row }: MissionRow): Mission => ({
  ...row,
  endedTurn: ended_turn,
  next_sequence: next,
});

/** The next `sequence` is read off the log: kept in the mission, it would be one more row written for every event. */
const columns = `*, (SELECT coalesce(max(sequence), 0) + 1 FROM log
  WHERE mission = missions.id AND sequence IS NOT NULL) AS next`;

/** A mission by id, deleted ones included (their late rows have to be recognised). */
export const getMission = (sql: SqlStorage, id: string): Mission | null => {
  const row = rows.get(
    sql,
    id,
    () => sql.exec<Omit<MissionRow, 'next'>>('SELECT * FROM missions WHERE id = ?', id).toArray()[0] ?? null,
  );
  return row && toMission({ ...row, next: nextSequence(sql, id) });
};

const rows = remembered<Omit<MissionRow, 'next'> | null>('missions');

/** Missions with a turn. */
export const runningMissions = (sql: SqlStorage): Mission[] =>
  sql
    .exec<MissionRow>(`SELECT ${columns} FROM missions WHERE turn IS NOT NULL AND deleted_at IS NULL`)
    .toArray()
    .map(toMission);

/**
 * A mission if it belongs to `owner`. Null when it belongs to somebody else or was deleted: a caller must not be able
 * to tell these cases apart.
 */
export const ownMission = (sql: SqlStorage, owner: string, id: string): Mission | null => {
  const mission = getMission(sql, id);
  return mission && mission.owner === owner && mission.deleted_at === null ? mission : null;
};

/** Inserts a mission; false when the id is taken, or its directory name is (protocol §1: draw again). */
export const insertMission = (sql: SqlStorage, mission: NewMission, at: number): boolean => {
  const taken = sql
    .exec('SELECT 1 FROM missions WHERE id >= ? AND id < ?', mission.id.slice(0, 8), `${mission.id.slice(0, 8)}~`)
    .toArray();
  if (taken.length > 0) return false;
  sql.exec(
    `INSERT INTO missions (id, owner, workspace, title, agent, model, status, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, 'active', ?, ?)`,
    mission.id,
    mission.owner,
    mission.workspace,
    mission.title,
    mission.agent,
    mission.model,
    at,
    at,
  );
  return true;
};

/** What events change, by its column. */
const changing = {
  title: 'title',
  status: 'status',
  turn: 'turn',
  endedTurn: 'ended_turn',
  cost_usd: 'cost_usd',
  turn_cost_usd: 'turn_cost_usd',
  updated_at: 'updated_at',
  interrupted_at: 'interrupted_at',
  deleted_at: 'deleted_at',
} as const satisfies Partial<Record<keyof Mission, string>>;
type Changing = keyof typeof changing;
const keys = Object.keys(changing) as Changing[];

/** Of these, what the directory shows. */
const shownKeys: ReadonlySet<Changing> = new Set(['status', 'title', 'cost_usd', 'deleted_at', 'updated_at']);

/**
 * Writes back what events changed, and raises `rev` where the directory shows it. Only columns that changed are named:
 * SQLite writes the index entries of every column that is, and each is a billed row.
 */
export const saveMission = (sql: SqlStorage, before: Mission, after: Mission): void => {
  const changed = keys.filter((key) => before[key] !== after[key]);
  if (changed.length === 0) return;
  const sets = changed.map((key) => `${changing[key]} = ?`);
  if (changed.some((key) => shownKeys.has(key))) sets.push('rev = rev + 1');
  const grown = takeBytes(sql, after.id);
  if (grown > 0) sets.push('log_bytes = log_bytes + ?');
  const values = [...changed.map((key) => after[key]), ...(grown > 0 ? [grown] : []), after.id];
  sql.exec(`UPDATE missions SET ${sets.join(', ')} WHERE id = ?`, ...values);
};

/** Raises `rev` for a change that is in no column of the mission: D1 also shows the beginning of the conversation. */
export const raiseRevision = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE missions SET rev = rev + 1 WHERE id = ?', id);
};

/** The text of an assistant message: the answer's parts, or what the end says; of half an answer both. */
export const assistantText = (sql: SqlStorage, event: LogRow['event']): string => {
  if (event.type !== 'turn.ended' || 'unknown' in event) return '';
  const parts = event.answer.map((part) => partText(sql, part)).filter((text) => text !== '');
  const answer = parts.join('\n\n');
  switch (outcomeOf(event)) {
    case 'completed':
      return answer || event.text;
    case 'blocked':
      return [answer, event.text].filter((text) => text !== '').join('\n\n');
    default:
      return event.text || answer;
  }
};

/** What was missing in the mission's last answer; null when its last turn ended otherwise. */
export const missingInAnswer = (log: Log, mission: string): string | null => {
  for (const { event } of log.conversation(mission, 'last')) {
    if ('unknown' in event || event.type !== 'turn.ended') continue;
    return outcomeOf(event) === 'blocked' ? event.text : null;
  }
  return null;
};

/**
 * The conversation in order, one entry per message (contract §6.3 NEW); what waits stands last. Without the first
 * `skip` entries; each is read when the caller comes to it.
 */
export function* history(host: HostContext, mission: string, skip = 0): Generator<HistoryEntry> {
  for (const { event } of host.log.conversation(mission, 'first', skip)) yield* entryOf(host.sql, event);
  let left = Math.max(0, skip - host.log.conversationLength(mission));
  for (const { id } of unplaced(host.sql, mission)) {
    left -= 1;
    if (left < 0) yield { role: 'user', content: messageText(host.sql, id) ?? lostMessage, queued: true };
  }
}

/** The agent's last answer; '' before the first. */
export const lastAnswer = (host: HostContext, mission: string): string => {
  for (const { event } of host.log.conversation(mission, 'last'))
    for (const { role, content } of entryOf(host.sql, event)) if (role === 'assistant') return content;
  return '';
};

const entryOf = (sql: SqlStorage, event: LogRow['event']): HistoryEntry[] => {
  if ('unknown' in event) return [];
  switch (event.type) {
    case 'message.kept':
    case 'message.placed':
    case 'turn.started':
      return [{ role: 'user', content: messageText(sql, event.command) ?? lostMessage }];
    case 'turn.ended':
      return [{ role: 'assistant', content: assistantText(sql, event) }];
    case 'command.finished':
    case 'command.lost':
      return [{ role: 'assistant', content: event.text }];
    default:
      return [];
  }
};

/** The contract's mission object (§2.2), without `workspace_name`, which only the Worker knows. */
export const missionJson = (mission: Mission, entries: HistoryEntry[]): MissionJson => ({
  id: mission.id,
  status: mission.status,
  title: mission.title,
  workspace_id: mission.workspace,
  ...(mission.agent === null ? {} : { agent: mission.agent }),
  ...(mission.model === null ? {} : { model_override: mission.model }),
  history: entries,
  created_at: timestamp(mission.created_at),
  updated_at: timestamp(mission.updated_at),
  ...(mission.interrupted_at === null ? {} : { interrupted_at: timestamp(mission.interrupted_at) }),
  resumable: isResumable(mission.status),
});
