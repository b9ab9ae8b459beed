/** What people do with messages that wait at the edge (contract §2.2 Queue, §3 parallel). */
import type { Limits } from '../../../shared/quotas.ts';
import type { HostContext } from '../context.ts';
import { editKept, getMessage, type KeptMessage, messageText, removeKept } from '../messages/messages.ts';
import { hasOpenIn, waitingMessages } from '../messages/waiting.ts';
import { type Mission, ownMission, raiseRevision } from '../missions/missions.ts';
import { hasRoom, slotsOf } from '../missions/slots.ts';
import { type Change, type Done, done } from '../record/change.ts';
import { recordEvent } from '../record/record.ts';
import { isRemoved, removedText } from '../removed.ts';
import { type NewMessage, refuse, reply } from '../replies.ts';
import { noRoomForMessage } from '../usage/usage.ts';
import { retitle, takeMessage } from './changes.ts';

/** A waiting message's new text; `was` is what the person saw, or null. */
export interface QueueEdit {
  id: string;
  content: string;
  was: string | null;
}

const notInQueue = refuse('not_found', 'message not in queue');

/** A message of this user that the table knows, with its mission. */
const ownMessage = (sql: SqlStorage, owner: string, id: string): { message: KeptMessage; mission: Mission } | null => {
  const message = getMessage(sql, id);
  const mission = message && ownMission(sql, owner, message.mission);
  return message && mission ? { message, mission } : null;
};

/**
 * Gives a waiting message another text; the host only ever gets the newest. `was`, where given, is the text that the
 * person saw: of two who edit at once, the second is told instead of overwriting the first. A repeated edit changes
 * nothing.
 */
export const editQueued = (
  host: HostContext,
  owner: string,
  { id, content, was }: QueueEdit,
  limits: Limits,
): Done<null> => {
  const own = ownMessage(host.sql, owner, id);
  if (own?.message.state !== 'kept') return done(notInQueue);
  const { message, mission } = own;
  const before = messageText(host.sql, message.id) ?? '';
  if (before === content) return done(reply(null));
  if (was !== null && was !== before)
    return done(refuse('conflict', 'This message was edited meanwhile. Look at its text again.'));
  const bytes = Buffer.byteLength(content) - Buffer.byteLength(before);
  const full = noRoomForMessage(host.sql, { owner, mission: mission.id, messages: 0, bytes }, limits);
  if (full) return done(full);
  editKept(host.sql, message.id, content);
  const edited = { type: 'message.edited' as const, command: message.id, content };
  const recorded = recordEvent(host, mission.id, edited);
  retitle(host.sql, mission.id, before, content);
  raiseRevision(host.sql, mission.id);
  return done(reply(null), recorded, [mission.id]);
};

export const removeQueued = (host: HostContext, owner: string, id: string): Done<null> => {
  const own = ownMessage(host.sql, owner, id);
  if (!own || !removeKept(host.sql, id)) return done(notInQueue);
  const { message, mission } = own;
  const recorded = recordEvent(host, mission.id, { type: 'message.removed', command: message.id });
  raiseRevision(host.sql, mission.id);
  return done(reply(null), recorded, [mission.id]);
};

export const clearQueue = (host: HostContext, owner: string): Change & { cleared: number } => {
  const removed = [...waitingMessages(host.sql, { owner })].map(({ id }) => removeQueued(host, owner, id));
  return {
    recorded: removed.flatMap(({ recorded }) => recorded),
    touched: removed.flatMap(({ touched }) => touched),
    cleared: removed.length,
  };
};

/**
 * Takes a message in only if its mission can begin with it at once (contract §3); repeated with the same id it is the
 * same message.
 */
export const startNow = (host: HostContext, owner: string, message: NewMessage, limits: Limits): Done<null> => {
  if (!ownMission(host.sql, owner, message.mission))
    return done(refuse('conflict', `Mission ${message.mission} not found`));
  if (getMessage(host.sql, message.id) === null) {
    if (isRemoved(host.sql)) return done(refuse('conflict', removedText));
    if (hasOpenIn(host.sql, message.mission))
      return done(refuse('conflict', `Mission ${message.mission} is already running`));
    if (host.awaySinceMs() !== null)
      return done(
        refuse('unavailable', "The mission's server is away. Send an ordinary message: it waits until then."),
      );
    if (!hasRoom(host.sql))
      return done(
        refuse(
          'conflict',
          `Maximum parallel missions (${slotsOf(host.sql)}) reached. Send an ordinary message: it waits.`,
        ),
      );
  }
  const taken = takeMessage(host, owner, message, limits);
  return { ...taken, reply: taken.reply.ok ? reply(null) : taken.reply };
};
