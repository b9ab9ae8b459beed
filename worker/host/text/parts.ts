import { checkpointSuffix } from '../../../shared/append.ts';
import type { Delta } from '../../../shared/frames.ts';
import { countBytes } from '../log/bytes.ts';
import { forgetRows } from '../log/leaving.ts';
import { remembered } from '../remembered.ts';

/** A text or reasoning part. `length` is what is stored, in UTF-16 units. */
export interface Part {
  part: string;
  mission: string;
  turn: string;
  kind: 'text' | 'reasoning';
  /** The call that started the sub-agent whose text this is; null for the mission's own agent. */
  parent_call: string | null;
  length: number;
  closed: boolean;
  /**
   * The edge closed this part, because its turn was ended without the host. The host may still send the rest of the
   * text.
   */
  left: boolean;
}

type PartRow = {
  part: string;
  mission: string;
  turn: string;
  kind: 'text' | 'reasoning';
  parent_call: string | null;
  length: number;
  closed: number;
};
/**
 * How much is stored stands in the newest chunk: in the part, it would be one more row written for every checkpoint.
 */
const storedLength =
  'coalesce((SELECT until FROM chunks WHERE part = parts.part ORDER BY off DESC LIMIT 1), length) AS length';
const columns = `part, mission, turn, kind, parent_call, ${storedLength}, closed`;

/** Values of the column `closed`: closed by its host, or by the edge. 0 is open. */
const [byHost, byEdge] = [1, 2];
const toPart = (row: PartRow): Part => ({ ...row, closed: row.closed !== 0, left: row.closed === byEdge });

export const getPart = (sql: SqlStorage, part: string): Part | null => {
  const row = sql.exec<PartRow>(`SELECT ${columns} FROM parts WHERE part = ?`, part).toArray()[0];
  return row ? toPart(row) : null;
};

/** Written by an agent that the mission's own one started. */
export const isSubAgents = (part: Part | null): boolean => part !== null && part.parent_call !== null;

/** The open ones among these parts, by id. One query, because one frame may bring text of many missions. */
export const openTextsOf = (sql: SqlStorage, ids: ReadonlySet<string>): Map<string, OpenText> => {
  const open = new Map<string, OpenText>();
  const unknown: string[] = [];
  for (const id of ids) {
    const known = openTexts.known(sql, id);
    if (known) open.set(id, known);
    else unknown.push(id);
  }
  if (unknown.length === 0) return open;
  const rows = sql.exec<OpenText & { part: string }>(
    `SELECT part, mission, ${storedLength} FROM parts WHERE closed = 0 AND part IN (SELECT value FROM json_each(?))`,
    JSON.stringify(unknown),
  );
  for (const { part, ...text } of rows) {
    openTexts.put(sql, part, text);
    open.set(part, text);
  }
  return open;
};

type OpenText = Pick<Part, 'mission' | 'length'>;
const openTexts = remembered<OpenText>('parts', 'chunks');

/** Open parts of one mission, or of all, in order of opening. */
export const openParts = (sql: SqlStorage, mission: string | null): Part[] =>
  sql
    .exec<PartRow>(`SELECT ${columns} FROM parts WHERE closed = 0 AND (? IS NULL OR mission = ?)`, mission, mission)
    .toArray()
    .map(toPart);

/** Returns false where the part is known already (a repeated opening under another number). */
export const openPart = (sql: SqlStorage, part: Omit<Part, 'length' | 'closed' | 'left'>): boolean => {
  if (getPart(sql, part.part)) return false;
  sql.exec(
    'INSERT INTO parts (part, mission, turn, kind, parent_call, length, closed) VALUES (?, ?, ?, ?, ?, 0, 0)',
    part.part,
    part.mission,
    part.turn,
    part.kind,
    part.parent_call,
  );
  return true;
};

/** The stored text. */
export const partText = (sql: SqlStorage, part: string): string => {
  let text = '';
  for (const row of sql.exec<{ text: string }>('SELECT text FROM chunks WHERE part = ? ORDER BY off', part))
    text += row.text;
  return text;
};

/**
 * Stores what a checkpoint adds; returns false when it added nothing (protocol §3). `seq` is that of its row in the
 * log, which is removed with the text.
 */
export const storeCheckpoint = (
  sql: SqlStorage,
  part: Part,
  { off, text, replace }: { off: number; text: string; replace: boolean },
  seq: number,
): boolean => {
  const stored = replace ? truncate(sql, part, off) : part.length;
  const suffix = checkpointSuffix(stored, off, text);
  if (suffix === null) return replace;
  addChunk(sql, part, stored, suffix, seq);
  return true;
};

const addChunk = (sql: SqlStorage, { part, mission }: Part, off: number, text: string, seq: number | null): void => {
  sql.exec(
    'INSERT INTO chunks (part, off, until, text, seq) VALUES (?, ?, ?, ?, ?)',
    part,
    off,
    off + text.length,
    text,
    seq,
  );
  countBytes(sql, mission, text);
};

/**
 * Ends a part: its text is stored.slice(0, off) + text. Returns whether it has the length its host names; a false
 * answer means text before `off` is missing here, which the caller says in the log instead of showing it as whole.
 */
export const closePart = (sql: SqlStorage, part: Part, off: number, text: string, length: number): boolean => {
  const stored = truncate(sql, part, off);
  if (text !== '') addChunk(sql, part, stored, text, null);
  sql.exec('UPDATE parts SET length = ?, closed = ? WHERE part = ?', stored + text.length, byHost, part.part);
  return stored + text.length === length;
};

/**
 * Closes the parts that a turn left open, because the host or OpenCode is away: the stored text is all there is for
 * now.
 */
export const closeLeftOpen = (sql: SqlStorage, turn: string, mission: string): Part[] => {
  const left = openParts(sql, mission).filter((part) => part.turn === turn);
  for (const part of left) sql.exec('UPDATE parts SET closed = ? WHERE part = ?', byEdge, part.part);
  return left;
};

/** Removes texts of a deleted mission, with the rows of their checkpoints: at most `most`; out: how many. */
export const forgetParts = (sql: SqlStorage, mission: string, most: number): number => {
  const parts = sql.exec<{ part: string }>(
    'SELECT part FROM parts INDEXED BY parts_of WHERE mission = ? LIMIT ?',
    mission,
    most,
  );
  let removed = 0;
  for (const { part } of parts.toArray()) {
    removed += forgetChunks(sql, part, 0, most - removed);
    if (removed >= most) break;
    sql.exec('DELETE FROM parts WHERE part = ?', part);
    removed += 1;
    if (removed >= most) break;
  }
  return removed;
};

/** Removes these texts whole, with the rows of their checkpoints. */
export const forgetTextsOf = (sql: SqlStorage, parts: readonly string[]): void => {
  for (const part of parts) {
    forgetChunks(sql, part, 0, Number.MAX_SAFE_INTEGER);
    sql.exec('DELETE FROM parts WHERE part = ?', part);
  }
};

const forgetChunks = (sql: SqlStorage, part: string, from: number, most: number): number => {
  const gone = sql
    .exec<{ seq: number | null }>(
      `DELETE FROM chunks WHERE part = ? AND off IN (SELECT off FROM chunks WHERE part = ? AND off >= ? LIMIT ?)
         RETURNING seq`,
      part,
      part,
      from,
      most,
    )
    .toArray();
  forgetRows(
    sql,
    gone.flatMap(({ seq }) => seq ?? []),
  );
  return gone.length;
};

/**
 * Cuts the stored text to at most `length`; returns the length then stored. Chunks stay as they are: one of all of them
 * may be too large for a row.
 */
const truncate = (sql: SqlStorage, part: Part, length: number): number => {
  if (part.length <= length) return part.length;
  forgetChunks(sql, part.part, length, Number.MAX_SAFE_INTEGER);
  const last = sql
    .exec<{ off: number; text: string }>(
      'SELECT off, text FROM chunks WHERE part = ? ORDER BY off DESC LIMIT 1',
      part.part,
    )
    .toArray()[0];
  if (last && last.off + last.text.length > length)
    sql.exec(
      'UPDATE chunks SET text = ?, until = ? WHERE part = ? AND off = ?',
      last.text.slice(0, length - last.off),
      length,
      part.part,
      last.off,
    );
  sql.exec('UPDATE parts SET length = ? WHERE part = ?', length, part.part);
  return length;
};

/**
 * Texts in the making, for viewers: what is stored plus the deltas since. Memory only; after an eviction it starts
 * again from the checkpoints (protocol §3).
 */
export class LiveTexts {
  readonly #sql: SqlStorage;
  readonly #texts = new Map<string, string>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  text(part: string): string {
    const known = this.#texts.get(part);
    if (known !== undefined) return known;
    const stored = partText(this.#sql, part);
    this.#texts.set(part, stored);
    return stored;
  }

  /** Takes a delta that continues the text; one that leaves a hole is ignored and mended by the next checkpoint. */
  add(delta: Pick<Delta, 'part' | 'off' | 'text'>): void {
    const text = this.text(delta.part);
    const suffix = checkpointSuffix(text.length, delta.off, delta.text);
    if (suffix !== null) this.#texts.set(delta.part, text + suffix);
  }

  drop(part: string): void {
    this.#texts.delete(part);
  }
}
