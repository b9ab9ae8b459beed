import { formatCursor, fromStart, parseCursor } from '../../../shared/cursor.ts';
import { type LogEvent, logEvent, unknownEvent } from '../../../shared/events.ts';
import { pageBytes, pageRows } from '../../../shared/limits.ts';
import { changed, remembered } from '../remembered.ts';
import { getMeta, setMeta } from '../tables.ts';
import { countBytes } from './bytes.ts';
import { beginSegment, newestSegment, type Segment, segmentAfter, segmentAt, segmentNamed } from './segments.ts';

/** An event of a type this version does not know; stored and shown as it is (protocol §2). */
export type UnknownEvent = { type: string; unknown: true; body: Record<string, unknown> };

/**
 * A row of the log. `sequence` is set for what the contract's stored events show (contract §6); `at` in milliseconds.
 */
export interface LogRow {
  seq: number;
  mission: string | null;
  sequence: number | null;
  at: number;
  event: LogEvent | UnknownEvent;
}

/**
 * Whether a command that ended was an answer to a question or permission, or an order. Its end ends no message: it
 * changes no mission and is no entry of the conversation; those who look are shown an error where the agent did not get
 * an answer.
 */
export const endsNoMessage = (event: Pick<Extract<LogEvent, { type: 'command.finished' }>, 'of'>): boolean =>
  event.of !== undefined;
/** Whether it was an order: nobody but an admin is shown anything of it. */
export const isOrdersEnd = ({ of }: Pick<Extract<LogEvent, { type: 'command.finished' }>, 'of'>): boolean =>
  of === 'mission.archive' || of === 'mission.delete';
const answersEnd = "(type = 'command.finished' AND json_extract(body, '$.of') IS NOT NULL)";

/**
 * Rows that a conversation consists of. `message.kept` has a `sequence` only in logs of before messages had their place
 * at their turn, where there was no turn (tables.ts). The first two conditions are, word for word, those of the index
 * `log_conversation`.
 */
export const conversationRows = `sequence IS NOT NULL
  AND type IN ('message.kept', 'message.placed', 'turn.started', 'turn.ended', 'command.finished', 'command.lost')
  AND NOT ${answersEnd}`;

export type StoredRow = { seq: number; mission: string | null; sequence: number | null; at: number; body: string };

/** How far a run has come. */
interface Carried {
  run: string;
  n: number;
}

/** SQLite finds what stands behind a long body only by going through it. */
const maxCarryingChars = 2_048;

/** One history: its identity, its head, appending and reading (protocol §1). */
export class Log {
  #id: string;
  readonly #sql: SqlStorage;
  readonly #random: () => string;
  #segment = '';
  #segmentFrom = 1;
  /** The segment before the newest that was asked for last: pages of a replay ask for each of their rows. */
  #older: { segment: string; from: number; until: number } | null = null;
  #segmentIsOurs = false;
  #head = 0;
  #carry: Carried | null = null;
  #isCarried = false;

  constructor(sql: SqlStorage, random: () => string) {
    this.#sql = sql;
    this.#random = random;
    const known = getMeta(sql, 'log');
    this.#id = known ?? random();
    if (known === null) {
      setMeta(sql, 'log', this.#id);
      beginSegment(sql, random(), 1);
    }
    this.reload();
  }

  /** Names this history; drawn anew when the object finds itself to be an older copy (protocol §6). */
  get id(): string {
    return this.#id;
  }

  /**
   * Begins another history over the same rows: every cursor of the old one is invalid. Call it inside a transaction.
   */
  renew(): void {
    this.#id = this.#random();
    this.#segmentIsOurs = false;
    setMeta(this.#sql, 'log', this.#id);
  }

  /** The last seq of a segment, or null where this history has none of that name. */
  lastOf(segment: string): number | null {
    const found = segmentNamed(this.#sql, segment);
    return found ? this.#endOf(found) : null;
  }

  #endOf(segment: Segment): number {
    const next = segmentAfter(this.#sql, segment);
    return next ? next.first_seq - 1 : this.#head;
  }

  /** Reads position and segment from the tables; needed after a transaction was rolled back. */
  reload(): void {
    this.carry(null);
    this.#id = getMeta(this.#sql, 'log') ?? this.#id;
    this.#head = this.#sql.exec<{ head: number | null }>('SELECT max(seq) AS head FROM log').one().head ?? 0;
    const newest = newestSegment(this.#sql);
    if (newest.segment !== this.#segment) this.#segmentIsOurs = false;
    this.#segment = newest.segment;
    this.#segmentFrom = newest.first_seq;
  }

  get head(): number {
    return this.#head;
  }

  get segment(): string {
    return this.#segment;
  }

  /** A position that `seqOf` knows again: it names the segment that the row is in. */
  cursorAt(seq: number): string {
    return formatCursor({ log: this.id, segment: this.#segmentAt(seq), seq });
  }

  /** The last row of a segment is a position in the next as well, so that the newest one knows where it began. */
  #segmentAt(seq: number): string {
    if (seq >= this.#segmentFrom - 1) return this.#segment;
    const known = this.#older;
    if (known && seq >= known.from && seq < known.until) return known.segment;
    const found = segmentAt(this.#sql, seq);
    this.#older = { segment: found.segment, from: found.first_seq, until: this.#endOf(found) + 1 };
    return found.segment;
  }

  /** Appends one row; call it inside the transaction of what it belongs to. */
  append(mission: string | null, sequence: number | null, at: number, event: LogEvent | UnknownEvent): LogRow {
    const seq = this.#head + 1;
    if (!this.#segmentIsOurs) {
      this.#segment = this.#random();
      this.#segmentFrom = seq;
      this.#segmentIsOurs = true;
      // What is remembered of older ones may be let go.
      this.#older = null;
      beginSegment(this.#sql, this.#segment, seq);
    }
    const body = JSON.stringify('unknown' in event ? event.body : event);
    const carried = body.length <= maxCarryingChars ? this.#carry : null;
    this.#isCarried = carried !== null;
    this.#sql.exec(
      'INSERT INTO log (seq, mission, sequence, at, type, body, run, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      seq,
      mission,
      sequence,
      at,
      event.type,
      body,
      carried?.run ?? null,
      carried?.n ?? null,
    );
    if (mission !== null) countBytes(this.#sql, mission, body);
    if (mission !== null && sequence !== null) next.put(this.#sql, mission, sequence + 1);
    this.#head = seq;
    return { seq, mission, sequence, at, event };
  }

  /** Rows appended from here on say how far the run that brings them has come (runs.ts); null: they are of no run. */
  carry(position: Carried | null): void {
    this.#carry = position;
    this.#isCarried = false;
  }

  /** The newest row appended since then says it. */
  get isCarried(): boolean {
    return this.#isCarried;
  }

  /** The seq a client has seen up to, or null where the cursor is not of this history (protocol §1: then `reset`). */
  seqOf(cursor: string): number | null {
    if (cursor === fromStart) return 0;
    const parsed = parseCursor(cursor);
    if (!parsed || parsed.log !== this.id) return null;
    const found = segmentNamed(this.#sql, parsed.segment);
    if (!found) return null;
    return parsed.seq >= found.first_seq - 1 && parsed.seq <= this.#endOf(found) ? parsed.seq : null;
  }

  /**
   * Rows after `seq`, one page (500 rows or 512 KB), each read when the caller comes to it, so that one whose page is
   * full with what the rows are shown as stops.
   */
  *page(seq: number): Generator<LogRow> {
    yield* onePage(
      this.#sql.exec<StoredRow>(
        'SELECT seq, mission, sequence, at, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?',
        seq,
        pageRows,
      ),
    );
  }

  /** Stored events of one mission from a `sequence` on, in the same way. */
  *ofMission(mission: string, from: number): Generator<LogRow> {
    yield* onePage(
      this.#sql.exec<StoredRow>(
        `SELECT seq, mission, sequence, at, body FROM log WHERE mission = ? AND sequence IS NOT NULL AND sequence >= ?
           ORDER BY sequence LIMIT ?`,
        mission,
        from,
        pageRows,
      ),
    );
  }

  /**
   * The rows that make up the conversation (messages and ends of turns), by an index that holds no tool rows
   * (protocol §5), from the first (`skip` of them left out) or from the last. Each is read when the caller comes to it.
   */
  *conversation(mission: string, from: 'first' | 'last' = 'first', skip = 0): Generator<LogRow> {
    const rows = this.#sql.exec<StoredRow>(
      `SELECT seq, mission, sequence, at, body FROM log
         WHERE mission = ? AND ${conversationRows}
         ORDER BY sequence ${from === 'first' ? 'ASC' : 'DESC'} LIMIT -1 OFFSET ?`,
      mission,
      skip,
    );
    for (const stored of rows) yield readRow(stored);
  }

  /** How many rows make up the conversation. */
  conversationLength(mission: string): number {
    return this.#sql
      .exec<{ n: number }>(`SELECT count(*) AS n FROM log WHERE mission = ? AND ${conversationRows}`, mission)
      .one().n;
  }
}

const next = remembered<number>(changed('log'));

/**
 * The `sequence` of a mission's next row that is shown. Read off the log: kept in the mission, it would be one more row
 * written for every event.
 */
export const nextSequence = (sql: SqlStorage, mission: string): number =>
  next.get(sql, mission, () => {
    const query = `SELECT coalesce(max(sequence), 0) + 1 AS next FROM log WHERE mission = ? AND sequence IS NOT NULL`;
    return sql.exec<{ next: number }>(query, mission).one().next;
  });

/** Rows until the page is full: what is read counts, whatever becomes of it. */
function* onePage(rows: Iterable<StoredRow>): Generator<LogRow> {
  let bytes = 0;
  for (const stored of rows) {
    yield readRow(stored);
    bytes += Buffer.byteLength(stored.body);
    if (bytes >= pageBytes) return;
  }
}

/** A stored row as it is passed on. */
export const readRow = (stored: StoredRow): LogRow => ({
  seq: stored.seq,
  mission: stored.mission,
  sequence: stored.sequence,
  at: stored.at,
  event: readEvent(stored.body),
});

/** A stored body passed a schema before it was written; what does not parse now was written by another version. */
const readEvent = (body: string): LogEvent | UnknownEvent => {
  const json: unknown = JSON.parse(body);
  const known = logEvent.safeParse(json);
  if (known.success) return known.data;
  const other = unknownEvent.parse(json);
  return { type: other.type, unknown: true, body: other };
};
