/** What people do with messages that wait at the edge (contract §2.2 Queue, §3 parallel): rules over the tables, as in requests.ts. */

import type { Log } from '../log/log.ts';
import { editKept, getCommand, type KeptMessage, openCommands, removeKept } from '../messages/messages.ts';
import { waitingMessages } from '../missions/activity.ts';
import { type Mission, ownMission, raiseRevision } from '../missions/missions.ts';
import { hasRoom, slotsOf } from '../missions/slots.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { isRemoved, removedText } from '../removed.ts';
import { type NewMessage, refuse, reply } from '../replies.ts';
import { type Done, done, retitle, takeMessage } from './changes.ts';

const notInQueue = refuse('not_found', 'message not in queue');

/** A message of this user that the table knows, with its mission. */
const ownMessage = (sql: SqlStorage, owner: string, id: string): { message: KeptMessage; mission: Mission } | null => {
  const message = getCommand(sql, id);
  const mission = message && ownMission(sql, owner, message.mission);
  return message && mission ? { message, mission } : null;
};

/**
 * Gives a waiting message another text; the host only ever gets the newest. `was`, where given, is the text that the person saw: of two
 * who edit at once, the second is told instead of overwriting the first. A repeated edit changes nothing.
 */
export const editQueued = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  { id, content, was }: { id: string; content: string; was: string | null },
  nowMs: number,
): Done<null> => {
  const own = ownMessage(sql, owner, id);
  if (own?.message.state !== 'kept') return done(notInQueue);
  const { message, mission } = own;
  if (message.content === content) return done(reply(null));
  if (was !== null && was !== message.content)
    return done(refuse('conflict', 'This message was edited meanwhile. Look at its text again.'));
  editKept(sql, message.id, content);
  const edited = { type: 'message.edited' as const, command: message.id, content };
  const recorded = recordEvent(sql, log, mission.id, edited, nowMs);
  retitle(sql, mission.id, message.content, content);
  raiseRevision(sql, mission.id);
  return done(reply(null), recorded, [mission.id]);
};

export const removeQueued = (sql: SqlStorage, log: Log, owner: string, id: string, nowMs: number): Done<null> => {
  const own = ownMessage(sql, owner, id);
  if (!own || !removeKept(sql, id)) return done(notInQueue);
  const { message, mission } = own;
  const recorded = recordEvent(sql, log, mission.id, { type: 'message.removed', command: message.id }, nowMs);
  raiseRevision(sql, mission.id);
  return done(reply(null), recorded, [mission.id]);
};

export const clearQueue = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  nowMs: number,
): { recorded: Recorded[]; touched: string[]; cleared: number } => {
  const removed = waitingMessages(sql, owner).map((message) => removeQueued(sql, log, owner, message.id, nowMs));
  return {
    recorded: removed.flatMap(({ recorded }) => recorded),
    touched: removed.flatMap(({ touched }) => touched),
    cleared: removed.length,
  };
};

/** Takes a message in only if its mission can begin with it at once (contract §3); repeated with the same id it is the same message. */
export const startNow = (
  sql: SqlStorage,
  log: Log,
  owner: string,
  message: NewMessage,
  canStart: boolean,
  nowMs: number,
): Done<null> => {
  if (!ownMission(sql, owner, message.mission)) return done(refuse('conflict', `Mission ${message.mission} not found`));
  if (getCommand(sql, message.id) === null) {
    if (isRemoved(sql)) return done(refuse('conflict', removedText));
    if (openCommands(sql, message.mission).length > 0)
      return done(refuse('conflict', `Mission ${message.mission} is already running`));
    if (!canStart)
      return done(
        refuse('unavailable', "The mission's server is away. Send an ordinary message: it waits until then."),
      );
    if (!hasRoom(sql))
      return done(
        refuse('conflict', `Maximum parallel missions (${slotsOf(sql)}) reached. Send an ordinary message: it waits.`),
      );
  }
  const { answer, recorded, touched } = takeMessage(sql, log, owner, message, canStart, nowMs);
  return done(answer.ok ? reply(null) : answer, recorded, touched);
};
