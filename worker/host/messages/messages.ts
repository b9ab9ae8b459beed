import { type Command, type CommandState, isInFlight, openStates } from '../../../shared/commands.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';

/** A message on its way: kept here, on the host, running, or ended (protocol §4). */
export interface KeptMessage {
  ord: number;
  id: CommandId;
  mission: MissionId;
  state: CommandState | 'removed';
  at: number;
  content: string;
  agent: string | null;
  clean: boolean;
  /** It had to wait when it was taken in, and viewers were told so. */
  queued: boolean;
  cancel: boolean;
  turn: string | null;
  /** Position of its row in the log. */
  seq: number;
}

type Row = Omit<KeptMessage, 'clean' | 'queued' | 'cancel'> & {
  clean: number;
  queued: number;
  cancel: number;
  host_ended: number;
  edited: number;
};
const toMessage = ({ host_ended: _ended, edited: _edited, ...row }: Row): KeptMessage => ({
  ...row,
  clean: row.clean !== 0,
  queued: row.queued !== 0,
  cancel: row.cancel !== 0,
});

/**
 * SQL: a command has no end yet. The same condition as that of the index `commands_open`, or SQLite would not use it.
 */
export const isOpen = `state IN (${openStates.map((state) => `'${state}'`).join(', ')})`;

export const getMessage = (sql: SqlStorage, id: string): KeptMessage | null => {
  const row = sql.exec<Row>('SELECT * FROM commands WHERE id = ?', id).toArray()[0];
  return row ? toMessage(row) : null;
};

export const keepMessage = (
  sql: SqlStorage,
  message: Pick<KeptMessage, 'id' | 'mission' | 'at' | 'content' | 'agent' | 'clean' | 'queued' | 'seq'>,
): void => {
  sql.exec(
    `INSERT INTO commands (id, mission, state, at, content, agent, clean, queued, seq)
       VALUES (?, ?, 'kept', ?, ?, ?, ?, ?, ?)`,
    message.id,
    message.mission,
    message.at,
    message.content,
    message.agent,
    message.clean ? 1 : 0,
    message.queued ? 1 : 0,
    message.seq,
  );
};

/** Commands of one mission, or of all, that have no end yet, in order. */
export const openMessages = (sql: SqlStorage, mission: string | null): KeptMessage[] => {
  // Named, because SQLite would rather read every message there ever was, in order, than sort the few that are open.
  const open = `SELECT * FROM commands INDEXED BY commands_open WHERE ${isOpen}`;
  const rows =
    mission === null
      ? sql.exec<Row>(`${open} ORDER BY ord`)
      : sql.exec<Row>(`${open} AND mission = ? ORDER BY ord`, mission);
  return rows.toArray().map(toMessage);
};

/** Whether any message has not ended, or (`kept`) has not been sent. Cheap enough to be asked with every frame. */
export const hasOpen = (sql: SqlStorage, which: 'open' | 'kept'): boolean =>
  sql
    .exec(
      `SELECT 1 FROM commands INDEXED BY commands_open
         WHERE ${isOpen} ${which === 'kept' ? "AND state = 'kept'" : ''} LIMIT 1`,
    )
    .toArray().length > 0;

/** The command a mission is busy with, or null. A mission has one at a time: the next waits here (protocol §4). */
export const inFlight = (sql: SqlStorage, mission: string): KeptMessage | null => {
  const row = sql
    .exec<Row>(
      `SELECT * FROM commands INDEXED BY commands_open
         WHERE mission = ? AND ${isOpen} AND state <> 'kept' ORDER BY ord LIMIT 1`,
      mission,
    )
    .toArray()[0];
  return row ? toMessage(row) : null;
};

/** Moves a command forward; an end or a later state is never taken back by a late or repeated report. */
export const markMessage = (sql: SqlStorage, id: string, state: CommandState, turn: string | null = null): void => {
  const command = getMessage(sql, id);
  if (!command || command.state === 'removed' || !(command.state === 'kept' || isInFlight(command.state))) return;
  if (order(state) <= order(command.state)) return;
  sql.exec('UPDATE commands SET state = ?, turn = coalesce(?, turn) WHERE id = ?', state, turn, id);
};

/** Ends a command, once. */
export const endMessage = (sql: SqlStorage, id: string, state: CommandState): void => {
  sql.exec(`UPDATE commands SET state = ? WHERE id = ? AND ${isOpen}`, state, id);
};

/** Takes a waiting message out of the queue; false when it is not waiting (already on its way, ended, unknown). */
export const removeKept = (sql: SqlStorage, id: string): boolean =>
  sql.exec("UPDATE commands SET state = 'removed' WHERE id = ? AND state = 'kept' RETURNING id", id).toArray().length >
  0;

/** Gives a waiting message another text. */
export const editKept = (sql: SqlStorage, id: string, content: string): void => {
  sql.exec("UPDATE commands SET content = ? WHERE id = ? AND state = 'kept'", content, id);
};

/** Stores the wish to cancel, which every `welcome` repeats until the command's end is in the log. */
export const wishCancel = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE commands SET cancel = 1 WHERE id = ? AND cancel = 0', id);
};

/** The host itself has reported the end of this command: nothing of it can start there any more. */
export const confirmEnd = (sql: SqlStorage, id: string): void => {
  sql.exec('UPDATE commands SET host_ended = 1 WHERE id = ? AND host_ended = 0', id);
};

/**
 * Cancel wishes for which the host has not yet reported the end of the command, also those whose turn was already ended
 * at the edge (protocol §4).
 */
export const unmetWishes = (sql: SqlStorage): { mission: MissionId; command: CommandId }[] =>
  sql
    .exec<{ mission: MissionId; command: CommandId }>(
      "SELECT mission, id AS command FROM commands WHERE cancel = 1 AND host_ended = 0 AND state <> 'removed' ORDER BY ord",
    )
    .toArray();

/** The oldest waiting message of each mission that is free: what may be sent now. `held` ones block their mission. */
export const dueMessages = (sql: SqlStorage, held: ReadonlySet<string>): KeptMessage[] => {
  const due = new Map<string, KeptMessage>();
  const busy = new Set<string>();
  for (const message of openMessages(sql, null)) {
    if (message.state !== 'kept' || held.has(message.id)) busy.add(message.mission);
    else if (!due.has(message.mission)) due.set(message.mission, message);
  }
  return [...due.values()].filter((message) => !busy.has(message.mission));
};

/**
 * Forgets the texts of a deleted mission's messages, at most `most`; out: how many. The rows stay for ever: if the host
 * reports such a command again, it is recognised as one that has ended.
 */
export const forgetMessages = (sql: SqlStorage, mission: string, most: number): number =>
  sql
    .exec(
      `UPDATE commands SET state = 'removed', content = '' WHERE ord IN (
         SELECT ord FROM commands INDEXED BY commands_of WHERE mission = ? AND content <> '' LIMIT ?) RETURNING 1`,
      mission,
      most,
    )
    .toArray().length;

/** The command as the host gets it. */
export const toCommand = (
  message: KeptMessage,
  mission: { owner: string; workspace: string; title: string | null; agent: string | null; model: string | null },
): Command => ({
  kind: 'message',
  id: message.id,
  mission: message.mission,
  at: message.at,
  args: {
    spec: { owner: mission.owner, workspace: mission.workspace, title: mission.title },
    content: message.content,
    agent: message.agent ?? mission.agent,
    model: mission.model,
    clean: message.clean,
  },
});

const inOrder: readonly CommandState[] = openStates;

/** How far a command has come; -1 for an end. */
const order = (state: CommandState): number => inOrder.indexOf(state);
