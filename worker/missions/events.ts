import type { StoredEventJson } from '../../shared/api.ts';
import type { MissionId } from '../../shared/ids.ts';
import { pageRows } from '../../shared/limits.ts';
import type { Env } from '../env.ts';
import type { EventsPage, EventsQuery } from '../host/replies.ts';
import { callObject, unwrap } from '../hosts/object.ts';

/** Which stored events are wanted (contract §6): `offset` skips matches, `limit` bounds what is left. */
export interface EventsRequest {
  types: string[] | null;
  limit: number;
  offset: number;
  /** Also those that left the log, from the archive. */
  archived: boolean;
}

/**
 * The stored events of a mission as the pieces of one JSON array, fetched page by page as the reader takes them, so
 * that a long mission is never held whole. Refusals come with the first piece, before anything was written.
 */
export async function* eventsText(
  env: Env,
  host: string,
  owner: string,
  mission: MissionId,
  wanted: EventsRequest,
): AsyncGenerator<string> {
  let written = 0;
  for await (const page of pages(env, host, owner, mission, wanted)) {
    const texts = page.map((event) => JSON.stringify(event));
    yield `${written === 0 ? '[' : ','}${texts.join(',')}`;
    written += texts.length;
  }
  yield written === 0 ? '[]' : ']';
}

/**
 * Pages of events without those that `offset` skips; empty pages are left out. Without `types` the object knows where
 * the event at an index is, so the skipped ones need not even be read.
 */
async function* pages(
  env: Env,
  host: string,
  owner: string,
  mission: MissionId,
  { types, limit, offset, archived }: EventsRequest,
): AsyncGenerator<StoredEventJson[]> {
  let skip = types === null ? 0 : offset;
  let left = limit;
  let next: Pick<EventsQuery, 'from' | 'after' | 'index'> | null = {
    from: 1,
    ...(types === null ? { index: offset } : {}),
  };
  while (next !== null && left > 0) {
    const query = { types, archived, ...next, limit: Math.min(skip + left, pageRows) };
    const page: EventsPage = unwrap(await callObject(env, host, (object) => object.events(owner, mission, query)));
    const wanted = page.events.slice(skip, skip + left);
    skip = Math.max(0, skip - page.events.length);
    left -= wanted.length;
    next = page.next;
    if (wanted.length > 0) yield wanted;
  }
}
