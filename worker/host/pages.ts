import type { StoredEventJson } from '../../shared/api.ts';
import { pageBytes, pageRows } from '../../shared/limits.ts';
import type { Log } from './log.ts';
import { getPart } from './parts.ts';
import { renderStored } from './render/stored.ts';
import { textsOf } from './render/texts.ts';
import type { EventsQuery } from './replies.ts';

/**
 * One page of a mission's stored events from `query.from` on: at most 500 rows looked at, about 512 KB of content.
 * `next` is where the following page begins, null at the end.
 */
export const eventsPage = (
  sql: SqlStorage,
  log: Log,
  mission: string,
  query: EventsQuery,
): { events: StoredEventJson[]; next: number | null } => {
  const texts = textsOf(sql);
  const events: StoredEventJson[] = [];
  let bytes = 0;
  let seen = 0;
  let last = query.from - 1;
  for (const row of [...log.ofMission(mission, query.from)]) {
    seen += 1;
    last = row.sequence ?? last;
    const event = renderStored(row, texts, (part) => getPart(sql, part)?.closed ?? true);
    if (!event || (query.types && !query.types.includes(event.event_type))) continue;
    events.push(event);
    bytes += event.content.length;
    if (events.length >= query.limit || bytes >= pageBytes) return { events, next: last + 1 };
  }
  return { events, next: seen === pageRows ? last + 1 : null };
};
