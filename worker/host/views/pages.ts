import type { StoredEventJson } from '../../../shared/api.ts';
import { pageBytes } from '../../../shared/limits.ts';
import type { HostContext } from '../context.ts';
import { unplaced } from '../messages/places.ts';
import { getMission } from '../missions/missions.ts';
import type { EventsPage, EventsQuery } from '../replies.ts';
import { getPart } from '../text/parts.ts';
import { renderStored, renderWaiting } from './stored.ts';
import { textsOf } from './texts.ts';

/**
 * One page of a mission's stored events: at most 500 rows looked at, about 512 KB of content. Behind the last row
 * stands what waits.
 */
export const eventsPage = (host: HostContext, mission: string, asked: EventsQuery): EventsPage => {
  const query = asked.index === undefined ? asked : { ...asked, from: sequenceAt(host.sql, mission, asked.index) };
  const page = fill(query);
  if (query.after !== undefined) return waitingPage(host.sql, mission, query, page);
  const texts = textsOf(host.sql);
  let last = query.from - 1;
  for (const row of host.log.ofMission(mission, query.from)) {
    last = row.sequence ?? last;
    const event = renderStored(row, texts, (part) => getPart(host.sql, part)?.closed ?? true);
    if (event && page.add(event)) return { events: page.events, next: { from: last + 1 } };
  }
  const hasMore = last < (getMission(host.sql, mission)?.next_sequence ?? 1) - 1;
  return hasMore
    ? { events: page.events, next: { from: last + 1 } }
    : waitingPage(host.sql, mission, { ...query, from: last + 1 }, page);
};

/** The `sequence` of the event with so many before it: what left the log by age or size is one event. */
const sequenceAt = (sql: SqlStorage, mission: string, index: number): number => {
  const pruned = getMission(sql, mission)?.pruned ?? 0;
  return pruned > 0 && index > 0 ? pruned + index : index + 1;
};

/**
 * Messages that wait, numbered on from `from`. A page of them goes on behind the one that came last, and leaves out
 * what has begun since the first: its reader is shown the conversation as it was then.
 */
const waitingPage = (
  sql: SqlStorage,
  mission: string,
  { from, after }: EventsQuery,
  page: ReturnType<typeof fill>,
): EventsPage => {
  const placed = (getMission(sql, mission)?.next_sequence ?? 1) - 1;
  const texts = textsOf(sql);
  let skip = after === undefined ? Math.max(0, from - 1 - placed) : 0;
  let sequence = from;
  for (const message of unplaced(sql, mission)) {
    if ((after !== undefined && message.ord <= after) || skip-- > 0) continue;
    if (page.add(renderWaiting(message, sequence, texts)))
      return { events: page.events, next: { from: sequence + 1, after: message.ord } };
    sequence += 1;
  }
  return { events: page.events, next: null };
};

/** Takes events until the page is full, which `add` says. */
const fill = ({ types, limit }: EventsQuery) => {
  const events: StoredEventJson[] = [];
  let bytes = 0;
  return {
    events,
    add: (event: StoredEventJson): boolean => {
      if (types && !types.includes(event.event_type)) return false;
      events.push(event);
      bytes += Buffer.byteLength(event.content);
      return events.length >= limit || bytes >= pageBytes;
    },
  };
};
