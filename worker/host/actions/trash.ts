/** Deleting missions, and having them back (contract §2.2, protocol §4); upkeep/purge.ts purges them. */

import type { HostContext } from '../context.ts';
import { conversationRows } from '../log/log.ts';
import { removeKept } from '../messages/messages.ts';
import { inFlight, isWithoutOpen, waitingMessages } from '../messages/waiting.ts';
import { getMission, type Mission, ownMission, saveMission } from '../missions/missions.ts';
import { archiveDeleted } from '../missions/orders.ts';
import { forgetPrepared } from '../missions/prepared.ts';
import { type Change, type Done, done } from '../record/change.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { refuse, reply } from '../replies.ts';

/** Hides a mission at once, whatever it has: nothing but its own row and its waiting messages is touched. */
export const deleteMission = (host: HostContext, owner: string, id: string): Done<null> => {
  const mission = ownMission(host.sql, owner, id);
  if (!mission) return done(refuse('not_found', 'Mission not found'));
  if (inFlight(host.sql, id) || mission.turn !== null) {
    return done(refuse('conflict', 'Cannot delete a running mission. Cancel it first.'));
  }
  return done(reply(null), hide(host, mission), [id]);
};

/** Messages that wait are removed: nobody expects them to run when the mission is had back weeks later. */
const hide = (host: HostContext, mission: Mission): Recorded[] => {
  const { id } = mission;
  const removed = [...waitingMessages(host.sql, { mission: id })].flatMap((message) =>
    removeKept(host.sql, message.id)
      ? recordEvent(host, id, { type: 'message.removed' as const, command: message.id })
      : [],
  );
  const recorded = [...removed, ...recordEvent(host, id, { type: 'mission.deleted' })];
  setDeleted(host, id, host.now());
  forgetPrepared(host.sql, id);
  archiveDeleted(host, mission);
  return recorded;
};

const setDeleted = (host: HostContext, id: string, deletedAt: number | null): void => {
  const mission = getMission(host.sql, id);
  if (mission) saveMission(host.sql, mission, { ...mission, deleted_at: deletedAt, updated_at: host.now() });
};

/**
 * Gives a deleted mission back as it was, but for its waiting messages. `keptMs`: how long one is kept. Of one that was
 * not deleted it changes nothing.
 */
export const restoreMission = (host: HostContext, owner: string, id: string, keptMs: number): Done<null> => {
  const mission = getMission(host.sql, id);
  if (mission?.owner !== owner) return done(refuse('not_found', `Mission ${id} not found`));
  if (mission.deleted_at === null) return done(reply(null));
  if (mission.purge > 0 || mission.deleted_at + keptMs <= host.now()) return done(refuse('not_found', goneText(id)));
  setDeleted(host, id, null);
  return done(reply(null), recordEvent(host, id, { type: 'mission.restored' }), [id]);
};

const goneText = (id: string) =>
  `Mission ${id} was deleted and is not kept any more. How long one is kept is set by TRASH_DAYS.`;

/** Deletions in one cleanup: what a request may hold the object up for. Whoever has more asks again. */
const mostUnused = 500;

/** Deletes missions that were opened and never used (contract §2.2 cleanup), at most 500; out: their ids. */
export const deleteUnused = (host: HostContext, owner: string): Change & { deleted: string[] } => {
  const unused = host.sql
    .exec<{ id: string }>(
      `SELECT id FROM missions INDEXED BY missions_open
         WHERE owner = ? AND status = 'active' AND turn IS NULL AND deleted_at IS NULL
           AND ${isWithoutOpen} AND pruned = 0
           AND NOT EXISTS (SELECT 1 FROM log INDEXED BY log_conversation
             WHERE mission = missions.id AND ${conversationRows})
         LIMIT ?`,
      owner,
      mostUnused,
    )
    .toArray()
    .map(({ id }) => id);
  const recorded = unused.flatMap((id) => deleteMission(host, owner, id).recorded);
  return { recorded, touched: unused, deleted: unused };
};
