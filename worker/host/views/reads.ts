/** What people read of one mission of theirs; somebody else's, and one that was deleted, is not found. */
import type { AgentTreeNode, MissionJson, ProgressJson } from '../../../shared/api.ts';
import type { HostContext } from '../context.ts';
import { history, type Mission, missionJson, ownMission } from '../missions/missions.ts';
import { getTodos, progressOf } from '../missions/todos.ts';
import { missionTree } from '../missions/tree.ts';
import { type EventsPage, type EventsQuery, type Reply, refuse, reply } from '../replies.ts';
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

export const readMission = (host: HostContext, owner: string, id: string): Reply<MissionJson> =>
  own(host, owner, id, (mission) => missionJson(mission, history(host, id)));

export const readEvents = (host: HostContext, owner: string, id: string, query: EventsQuery): Reply<EventsPage> =>
  own(host, owner, id, () => eventsPage(host, id, query), 'Mission not found');

/** The agents of its last turn, as they are now; null before the first. */
export const readTree = (host: HostContext, owner: string, id: string): Reply<AgentTreeNode | null> =>
  own(host, owner, id, () => missionTree(host.sql, id));

export const readProgress = (host: HostContext, owner: string, id: string): Reply<ProgressJson> =>
  own(host, owner, id, () => progressOf(getTodos(host.sql, id)));
