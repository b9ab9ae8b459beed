import type { AgentTreeNode } from '../../../shared/api.ts';
import type { LogEvent } from '../../../shared/events.ts';
import type { LogRow } from '../log/log.ts';
import { getMessage, messageText } from '../messages/messages.ts';
import { lostMessage } from '../messages/places.ts';
import { assistantText } from '../missions/missions.ts';
import { treeAt } from '../missions/tree.ts';
import { getPart, isSubAgents, openParts, partText } from '../text/parts.ts';

/** Texts that rows only point to, looked up when an event is shown. */
export interface Texts {
  /** Content of a message, or a sentence in place of one this object does not have. */
  message(command: string): string;
  /** What the agent said at the end of a turn. */
  assistantMessage(event: LogEvent): string;
  /** Stored text of a part. */
  part(part: string): string;
  wasRemoved(command: string): boolean;
  /** A part is a sub-agent's. */
  isSubAgents(part: string): boolean;
  /** The mission's own agent is in the middle of a text. */
  isOwnTextOpen(mission: string): boolean;
  /** The agents of a turn as of a row. */
  tree(row: LogRow, turn: string | null): AgentTreeNode | null;
}

export const textsOf = (sql: SqlStorage): Texts => ({
  message: (command) => messageText(sql, command) ?? lostMessage,
  assistantMessage: (event) => assistantText(sql, event),
  part: (part) => partText(sql, part),
  wasRemoved: (command) => getMessage(sql, command)?.state === 'removed',
  isSubAgents: (part) => isSubAgents(getPart(sql, part)),
  isOwnTextOpen: (mission) => openParts(sql, mission).some((part) => !isSubAgents(part)),
  tree: ({ mission, seq }, turn) => (mission === null ? null : treeAt(sql, mission, turn, seq)),
});
