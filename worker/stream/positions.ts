import { formatVector, parseCursor, parseVector } from '../../shared/cursor.ts';

/** A server as a stream knows it; `log` is its history in force, null before its first. */
export interface StreamHost {
  id: string;
  log: string | null;
}

/**
 * Where to go on at each server, from whatever id the client kept. A cursor without a server's name comes from a stream
 * that had one server: it belongs to the only one there is, else to the one with that log. Servers that no longer exist
 * are left out; a server without an entry is joined afresh.
 */
export const positionsFrom = (after: string | null, hosts: readonly StreamHost[]): Map<string, string> => {
  const given = after ? parseVector(after) : new Map<string, string>();
  const plain = given.get('');
  const positions = new Map<string, string>();
  for (const host of hosts) {
    const own = given.get(host.id);
    if (own !== undefined) positions.set(host.id, own);
    else if (plain !== undefined && (hosts.length === 1 || parseCursor(plain)?.log === host.log)) {
      positions.set(host.id, plain);
    }
  }
  return positions;
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
