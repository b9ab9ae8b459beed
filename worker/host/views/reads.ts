/** What people read of one mission of theirs; somebody else's, and one that was deleted, is not found. */
import type { AgentTreeNode, HistoryEntry, ProgressJson } from '../../../shared/api.ts';
import { pageBytes } from '../../../shared/limits.ts';
import type { HostContext } from '../context.ts';
import { unplacedCount } from '../messages/places.ts';
import { history, type Mission, missionJson, ownMission } from '../missions/missions.ts';
import { getTodos, progressOf } from '../missions/todos.ts';
import { missionTree } from '../missions/tree.ts';
import {
  type EventsPage,
  type EventsQuery,
  type HistoryPage,
  type MissionPage,
  type Reply,
  refuse,
  reply,
} from '../replies.ts';
import { eventsPage } from './pages.ts';

const own = <T>(
  host: HostContext,
  owner: string,
  id: string,
  read: (mission: Mission) => T,
  missing = `Mission ${id} not found`,
): Reply<T> => {
  const mission = ownMission(host.sql, owner, id);
  return mission ? reply(read(mission)) : refuse('not_found', missing);
};

/**
 * A mission with a page of its conversation: at most `limit` entries, and about 512 KB of them, from `offset` on.
 * `more` is where the next page begins, null at the end.
 */
export const readMission = (
  host: HostContext,
  owner: string,
  id: string,
  { offset, limit }: HistoryPage = { offset: 0, limit: Number.MAX_SAFE_INTEGER },
): Reply<MissionPage> =>
  own(host, owner, id, (mission) => {
    const total = host.log.conversationLength(id) + unplacedCount(host.sql, id);
    const entries: HistoryEntry[] = [];
    let bytes = 0;
    if (offset < total && limit > 0)
      for (const entry of history(host, id, offset)) {
        entries.push(entry);
        bytes += Buffer.byteLength(entry.content);
        if (entries.length >= limit || bytes >= pageBytes) break;
      }
    const next = offset + entries.length;
    return { ...missionJson(mission, entries), total, more: entries.length > 0 && next < total ? next : null };
  });

export const readEvents = (host: HostContext, owner: string, id: string, query: EventsQuery): Reply<EventsPage> =>
  own(host, owner, id, () => eventsPage(host, id, query), 'Mission not found');

/** The agents of its last turn, as they are now; null before the first. */
export const readTree = (host: HostContext, owner: string, id: string): Reply<AgentTreeNode | null> =>
  own(host, owner, id, () => missionTree(host.sql, id));

export const readProgress = (host: HostContext, owner: string, id: string): Reply<ProgressJson> =>
  own(host, owner, id, () => progressOf(getTodos(host.sql, id)));
