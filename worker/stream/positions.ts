import { formatVector, fromNow, fromStart, parseCursor, parseVector } from '../../shared/cursor.ts';

/** A server as a stream knows it; `log` is its history in force, null before its first. */
export interface StreamHost {
  id: string;
  log: string | null;
  /** Something may be alive there that the viewer may see. */
  isLive: boolean;
  isRemoved: boolean;
}

/**
 * For each server the position from which the stream goes on, taken from the id that the client kept. A plain cursor
 * comes from a stream that had one server: it belongs to the only server there is, else to the one with that log. If
 * the id is usable and does not name a server, that server came later and is shown from its start; without a usable id
 * all are joined as of now. A removed server counts only when the id names it, because the viewer may not have seen how
 * things ended there.
 */
export const positionsFrom = (after: string | null, hosts: readonly StreamHost[]): Map<string, string> => {
  const given = after ? parseVector(after) : new Map<string, string>();
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
  const unnamed = known.size > 0 ? fromStart : fromNow;
  for (const { id } of present) if (!known.has(id)) known.set(id, unnamed);
  return known;
};

/**
 * Makes every id of one server's SSE text a complete point to resume from: the positions of all servers with this one's
 * moved on. Notes the last in `positions`.
 */
export const withVectorIds = (text: string, host: string, positions: Map<string, string>): string =>
  text.replace(/^id: (.*)$/gm, (_line, cursor: string) => {
    positions.set(host, cursor);
    return `id: ${formatVector(positions)}`;
  });
