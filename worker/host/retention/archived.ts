import { timestamp } from '../../../shared/api.ts';
import type { HostContext } from '../context.ts';
import { archivedFrom } from '../log/archives.ts';
import { getMission } from '../missions/missions.ts';
import { type EventsPage, type EventsQuery, type Reply, refuse, reply } from '../replies.ts';
import { prunedShown } from '../views/stored.ts';
import type { Archive } from './archive.ts';

/**
 * A page of a mission's events that have left its log, from the archive; null where the wanted ones are in the log. One
 * object is read at most. What is not in the archive is one event that says so.
 */
export const archivedPage = async (
  host: HostContext,
  archive: Archive | null,
  mission: string,
  query: EventsQuery,
): Promise<Reply<EventsPage> | null> => {
  const pruned = getMission(host.sql, mission)?.pruned ?? 0;
  const from = query.index === undefined ? query.from : query.index + 1;
  if (from > pruned) return null;
  const found = archivedFrom(host.sql, mission, from);
  const gone = (to: number): Reply<EventsPage> =>
    reply(pageOf([goneEvent(host, mission, from, to)], { ...query, from }, to));
  if (!found || !archive) return gone(found ? found.to : pruned);
  if (found.from > from) return gone(found.from - 1);
  try {
    const slice = await archive.read(found.name);
    return slice ? reply(pageOf(slice.events, { ...query, from }, found.to)) : gone(found.to);
  } catch {
    return refuse(
      'unavailable',
      'The archive of this server can not be read now. Try again, or ask without `archived`.',
    );
  }
};

type Events = EventsPage['events'];

/** What is wanted of the events of a slice that ends with `to`. */
const pageOf = (events: Events, { from, types, limit }: EventsQuery, to: number): EventsPage => {
  const wanted = events.filter(
    ({ sequence, event_type }) => sequence >= from && (types === null || types.includes(event_type)),
  );
  const last = wanted.length > limit ? wanted[limit - 1] : undefined;
  return { events: wanted.slice(0, limit), next: { from: (last?.sequence ?? to) + 1 } };
};

const goneEvent = (host: HostContext, mission: string, from: number, to: number): Events[number] => ({
  ...prunedShown({ type: 'log.pruned', from, to, rows: to - from + 1, bytes: 0, archived: 'none' }),
  ...{ id: 0, mission_id: mission, sequence: to, timestamp: timestamp(getMission(host.sql, mission)?.created_at ?? 0) },
  ...{ event_id: null, tool_call_id: null, tool_name: null, metadata: { from, to, archived: 'none' } },
});
