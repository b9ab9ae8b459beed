import * as z from 'zod';

/**
 * Where a stream stood on each of its servers. A stream of several keeps this here under a short handle, because an
 * event's id has to be short (protocol §1): it names the handle, and how far servers have moved on since.
 */
export type Positions = readonly { host: string; at: string }[];

/**
 * Kept at most: more than anybody's streams use at once, and at 200 servers (30 KB each) 15 MB of the object's 10 GB.
 */
export const maxKept = 500;
/** Whoever comes back later than this has more to read than a fresh start costs. */
export const keptMs = 30 * 24 * 3_600_000;
/** Noting a use is a billed row, so it is noted at most this often. */
const noteUseMs = 3_600_000;

/** 12 characters of 64 are 72 bits: two alike are not to be expected in a universe of users. */
const drawHandle = (): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(9))))
    .replaceAll('+', '-')
    .replaceAll('/', '_');

const stored = z.array(z.object({ host: z.string(), at: z.string() }));

/** Keeps positions; out: their handle. Those that were used longest ago go. Call it inside a transaction. */
export const keepPositions = (sql: SqlStorage, positions: Positions, now: number): string => {
  const handle = drawHandle();
  sql.exec(
    'INSERT INTO positions (handle, used_at, positions) VALUES (?, ?, ?)',
    handle,
    now,
    JSON.stringify(positions),
  );
  const [oldest] = sql
    .exec<{ used_at: number }>('SELECT used_at FROM positions ORDER BY used_at DESC LIMIT 1 OFFSET ?', maxKept)
    .toArray();
  sql.exec('DELETE FROM positions WHERE used_at <= ?', Math.max(oldest?.used_at ?? 0, now - keptMs));
  return handle;
};

/** What was kept under a handle; null where there is none of that name, or not any more. */
export const positionsAt = (sql: SqlStorage, handle: string, now: number): Positions | null => {
  const [kept] = sql
    .exec<{ used_at: number; positions: string }>('SELECT used_at, positions FROM positions WHERE handle = ?', handle)
    .toArray();
  if (!kept || kept.used_at < now - keptMs) return null;
  if (kept.used_at < now - noteUseMs) sql.exec('UPDATE positions SET used_at = ? WHERE handle = ?', now, handle);
  return stored.parse(JSON.parse(kept.positions));
};
