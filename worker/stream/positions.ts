import { fromNow, fromStart, parseCursor } from '../../shared/cursor.ts';
import type { AccountServer } from '../account/servers.ts';

/** A server as a stream knows it; `log` is its history in force, null before its first. */
export interface StreamHost {
  id: string;
  log: string | null;
  /** The position before the first event of the viewer's: where one who has not seen the server begins. */
  since: string;
  /** Something may be alive there that the viewer may see. */
  isLive: boolean;
  isRemoved: boolean;
  /** Something of the viewer's is there. */
  holds: boolean;
  /** The position behind its newest row of no mission, for an admin; else empty. */
  news: string;
}

/** The servers that a stream may show, of those that its user's account names. */
export const streamHosts = (servers: readonly AccountServer[]): StreamHost[] =>
  servers
    // One that an account only expects something of says so itself within a moment, and where to begin there.
    .filter(({ log }) => log !== '')
    .map(({ host, live, removed, ...known }) => ({ ...known, id: host, isLive: live, isRemoved: removed }));

/**
 * For each server the position from which the stream goes on, taken from what the client's id says: `given` by server,
 * or a plain cursor under ''. A plain cursor comes from a stream that had one server: it belongs to the only server
 * there is, else to the one with that log. If the id is usable and does not name a server, that server came later and
 * is shown from its start; without a usable id all are joined as of now. A removed server counts only when the id names
 * it, because the viewer may not have seen how things ended there. `isKnown`: the id is of use although it names none.
 */
export const positionsFrom = (
  given: ReadonlyMap<string, string>,
  hosts: readonly StreamHost[],
  isKnown = false,
): Map<string, string> => {
  const plain = given.get('');
  const isOfLog = (host: StreamHost): boolean => plain !== undefined && parseCursor(plain)?.log === host.log;
  const known = new Map<string, string>();
  for (const host of hosts) {
    const own = given.get(host.id) ?? (isOfLog(host) ? plain : undefined);
    if (own !== undefined) known.set(host.id, own);
  }
  const present = hosts.filter((host) => !host.isRemoved);
  const [only] = present;
  if (known.size === 0 && only && present.length === 1 && plain !== undefined) return new Map([[only.id, plain]]);
  const unnamed = known.size > 0 || isKnown ? fromStart : fromNow;
  for (const { id } of present) if (!known.has(id)) known.set(id, unnamed);
  return known;
};

/**
 * The same for a stream that is joined as of now, on servers that have nothing of its viewer's but news: it stands
 * behind the newest of these, and asks nothing there.
 */
export const behindNews = (
  positions: ReadonlyMap<string, string>,
  hosts: readonly StreamHost[],
): Map<string, string> => {
  const news = new Map(hosts.filter(({ holds }) => !holds).map((host) => [host.id, host.news]));
  return new Map([...positions].map(([id, at]) => [id, at === fromNow ? (news.get(id) ?? at) : at]));
};

/** Whether a position is at or behind another of the same log. */
export const isBehind = (position: string, other: string): boolean => {
  const [at, from] = [parseCursor(position), parseCursor(other)];
  return at !== null && from !== null && at.log === from.log && at.seq >= from.seq;
};
