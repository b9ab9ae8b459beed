/** The next slice of a mission that is to leave the log: rows of turns that ended, the oldest first. */
import type { HostContext } from '../context.ts';
import { conversationRows } from '../log/log.ts';
import { dayMs, knownSince, rowsBefore } from '../log/marks.ts';
import { isOpen } from '../messages/messages.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import { bytesOfServer, ruleSet, serverRule } from './rules.ts';

/**
 * Rows and bytes of one slice: a few milliseconds of the object, and one object of the archive that is read in one
 * piece. One event is taken whole, however long its text.
 */
const sliceRows = 200;
const sliceBytes = 1024 * 1024;

export interface Slice {
  mission: Mission;
  /** By `sequence`, both included. */
  from: number;
  to: number;
  /** Rows with a `sequence`, in order; in place of the last one stands what is said of all. */
  shown: number[];
  /** Rows without one that lie before the last. Those of checkpoints go with their text. */
  unshown: number[];
  parts: string[];
  /** Whose messages these turns are. */
  commands: string[];
  rows: number;
  bytes: number;
}

type Row = { seq: number; sequence: number; type: string; bytes: number; part: string | null; command: string | null };
type Ended = { seq: number; sequence: number };

/** Rows that end a turn, or a message that had none. */
const ends = `${conversationRows} AND type IN ('turn.ended', 'command.finished', 'command.lost')`;

/** The first end that is still in the log. */
const firstEnd = (sql: SqlStorage, mission: string, after: number): Ended | undefined =>
  sql
    .exec<Ended>(
      `SELECT seq, sequence FROM log INDEXED BY log_conversation WHERE mission = ? AND ${ends} AND sequence > ?
         ORDER BY sequence LIMIT 1`,
      mission,
      after,
    )
    .toArray()[0];

/** Since when something that can leave is known to be there (milliseconds), or null where nothing can leave. */
export const agedSince = (
  sql: SqlStorage,
  mission: Pick<Mission, 'id' | 'updated_at'>,
  after: number,
): number | null => {
  const end = firstEnd(sql, mission.id, after);
  return end ? Math.min(knownSince(sql, end.seq) ?? mission.updated_at, mission.updated_at) : null;
};

/** Up to which row the rules let a mission's log leave, whatever runs. */
const leavesUpTo = ({ sql, now }: HostContext, mission: Mission): number => {
  const own = ruleSet(sql, mission.id);
  const { days, bytes } = own ?? serverRule(sql);
  if (bytes !== null && (own ? bytesOf(sql, mission.id) : bytesOfServer(sql)) > bytes) return Number.MAX_SAFE_INTEGER;
  if (days === null) return 0;
  const beforeMs = now() - days * dayMs;
  return mission.updated_at <= beforeMs ? Number.MAX_SAFE_INTEGER : rowsBefore(sql, beforeMs);
};

const bytesOf = (sql: SqlStorage, mission: string): number =>
  sql.exec<{ bytes: number }>('SELECT log_bytes AS bytes FROM missions WHERE id = ?', mission).one().bytes;

/** The last row before the turn that runs, of which nothing leaves. */
const beforeRunning = (host: HostContext, mission: Mission): number => {
  if (mission.turn === null) return Number.MAX_SAFE_INTEGER;
  for (const { seq, event } of host.log.conversation(mission.id, 'last'))
    if (!('unknown' in event) && event.type === 'turn.started' && event.turn === mission.turn) return seq - 1;
  return 0;
};

/** The slice of a mission that leaves next, or null where nothing is to. */
export const nextSlice = (host: HostContext, id: string): Slice | null => {
  const mission = getMission(host.sql, id);
  if (!mission || mission.deleted_at !== null) return null;
  const until = Math.min(leavesUpTo(host, mission), beforeRunning(host, mission));
  const end = firstEnd(host.sql, id, mission.pruned);
  if (!end || end.seq > until) return null;
  const shown = shownRows(host.sql, mission, until);
  const last = shown.findLastIndex(({ type }) => isEnd(type));
  // Of a turn that is longer than a slice the beginning leaves first.
  const taken = last < 0 ? shown.filter(({ seq }) => seq < end.seq) : shown.slice(0, last + 1);
  const newest = taken.at(-1);
  if (!newest) return null;
  const unshown = unshownRows(host.sql, id, newest.seq);
  const sizes = [...taken, ...unshown];
  return {
    mission,
    from: mission.pruned + 1,
    to: newest.sequence,
    shown: taken.map(({ seq }) => seq),
    unshown: unshown.map(({ seq }) => seq),
    parts: taken.flatMap(({ type, part }) => (type === 'part.opened' && part !== null ? [part] : [])),
    commands: taken.flatMap(({ type, command }) => (beginsTurn(type) && command !== null ? [command] : [])),
    rows: sizes.length,
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  };
};

const isEnd = (type: string): boolean => ['turn.ended', 'command.finished', 'command.lost'].includes(type);
const beginsTurn = (type: string): boolean => ['turn.started', 'message.placed', 'message.kept'].includes(type);

/** Rows with a `sequence`, and the texts they point to, until a slice is full. Sizes without reading any text. */
const shownRows = (sql: SqlStorage, { id, pruned }: Mission, until: number): Row[] => {
  const rows: Row[] = [];
  let [count, bytes] = [0, 0];
  const found = sql.exec<Row>(
    `SELECT seq, sequence, type, length(CAST(body AS BLOB)) AS bytes, json_extract(body, '$.part') AS part,
         json_extract(body, '$.command') AS command
       FROM log INDEXED BY log_sequence WHERE mission = ? AND sequence IS NOT NULL AND sequence > ?
       ORDER BY sequence LIMIT ?`,
    id,
    pruned,
    sliceRows,
  );
  for (const row of found) {
    if (row.seq > until) break;
    const text = row.type === 'part.opened' && row.part !== null ? sizeOfPart(sql, row.part) : noText;
    const message = beginsTurn(row.type) && row.command !== null ? sizeOfMessage(sql, row.command) : 0;
    const size = row.bytes + text.bytes + message;
    const isFull = count + 1 + text.chunks > sliceRows || bytes + size > sliceBytes;
    if (isFull && rows.length > 0) break;
    rows.push({ ...row, bytes: size });
    count += 1 + text.chunks;
    bytes += size;
  }
  return rows;
};

const noText = { chunks: 0, bytes: 0 };
const sizeOfPart = (sql: SqlStorage, part: string): typeof noText =>
  sql
    .exec<typeof noText>(
      'SELECT count(*) AS chunks, coalesce(sum(length(CAST(text AS BLOB))), 0) AS bytes FROM chunks WHERE part = ?',
      part,
    )
    .one();
const sizeOfMessage = (sql: SqlStorage, command: string): number =>
  sql
    .exec<{ bytes: number }>('SELECT length(CAST(content AS BLOB)) AS bytes FROM commands WHERE id = ?', command)
    .toArray()[0]?.bytes ?? 0;

/** That a mission was made, and what became of it, stays; so does what is said of a message that has not ended. */
const unshownRows = (sql: SqlStorage, mission: string, until: number): { seq: number; bytes: number }[] =>
  sql
    .exec<{ seq: number; bytes: number }>(
      `SELECT seq, length(CAST(body AS BLOB)) AS bytes FROM log INDEXED BY log_unshown
         WHERE mission = ? AND sequence IS NULL AND type <> 'part.checkpoint' AND seq <= ?
           AND type NOT LIKE 'mission.%' AND NOT EXISTS (SELECT 1 FROM commands
             WHERE id = json_extract(log.body, '$.command') AND ${isOpen})
         ORDER BY seq LIMIT ?`,
      mission,
      until,
      sliceRows,
    )
    .toArray();
