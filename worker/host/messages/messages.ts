import { type Command, type CommandState, isInFlight, openStates } from '../../../shared/commands.ts';
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { placeLimit } from './place-limit.ts';

/** A message on its way: kept here, on the host, running, or ended (protocol §4). Its text is read apart. */
export interface KeptMessage {
  ord: number;
  id: CommandId;
  mission: MissionId;
  state: CommandState | 'removed';
  at: number;
  agent: string | null;
  clean: boolean;
  /** It had to wait when it was taken in, and viewers were told so. */
  queued: boolean;
  cancel: boolean;
  turn: string | null;
  /** Position of its row in the log. */
  seq: number;
}

type Row = Omit<KeptMessage, 'clean' | 'queued' | 'cancel'> & { clean: number; queued: number; cancel: number };

/**
 * Everything of a message but its text, which may be of 128 KB: it is read where it is sent or shown, one at a time
 * (`messageText`), so that no list costs more because somebody's messages are long.
 */
const columns = 'ord, id, mission, state, at, agent, clean, queued, cancel, turn, seq';

const toMessage = (row: Row): KeptMessage => ({
  ...row,
  clean: row.clean !== 0,
  queued: row.queued !== 0,
  cancel: row.cancel !== 0,
});

/** SQL: a command has no end yet. */
export const isOpen = `state IN (${openStates.map((state) => `'${state}'`).join(', ')})`;

export const getMessage = (sql: SqlStorage, id: string): KeptMessage | null => {
  const row = sql.exec<Row>(`SELECT ${columns} FROM commands WHERE id = ?`, id).toArray()[0];
  return row ? toMessage(row) : null;
};

/** The same by its place in the order of arrival. */
export const messageAt = (sql: SqlStorage, ord: number): KeptMessage | null => {
  const row = sql.exec<Row>(`SELECT ${columns} FROM commands WHERE ord = ?`, ord).toArray()[0];
  return row ? toMessage(row) : null;
};

/** The text of a message; null where there is none of this id. */
export const messageText = (sql: SqlStorage, id: string): string | null =>
  sql.exec<{ content: string }>('SELECT content FROM commands WHERE id = ?', id).toArray()[0]?.content ?? null;

export const keepMessage = (
  sql: SqlStorage,
  message: Pick<KeptMessage, 'id' | 'mission' | 'at' | 'agent' | 'clean' | 'queued' | 'seq'> & { content: string },
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
      // Named, and with the index's own condition: else every message that there ever was would be read.
      `SELECT mission, id AS command FROM commands INDEXED BY commands_wished
         WHERE cancel = 1 AND host_ended = 0 AND state <> 'removed' ORDER BY ord`,
    )
    .toArray();

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

/** Forgets the texts of these messages, which have ended; what became of them stays. */
export const forgetTexts = (sql: SqlStorage, ids: readonly string[]): void => {
  if (ids.length === 0) return;
  sql.exec(
    "UPDATE commands SET content = '' WHERE id IN (SELECT value FROM json_each(?)) AND content <> ''",
    JSON.stringify(ids),
  );
};

/** The command as the host gets it. */
export const toCommand = (
  sql: SqlStorage,
  message: KeptMessage,
  mission: { owner: string; workspace: string; title: string | null; agent: string | null; model: string | null },
): Command => ({
  kind: 'message',
  id: message.id,
  mission: message.mission,
  at: message.at,
  args: {
    spec: {
      owner: mission.owner,
      workspace: mission.workspace,
      title: mission.title,
      ...placeLimit(sql, mission.owner),
    },
    content: messageText(sql, message.id) ?? '',
    agent: message.agent ?? mission.agent,
    model: mission.model,
    clean: message.clean,
  },
});

const inOrder: readonly CommandState[] = openStates;

/** How far a command has come; -1 for an end. */
const order = (state: CommandState): number => inOrder.indexOf(state);
