/**
 * Ids drawn for a request before anything was routed, by the Idempotency-Key that its client gave it: so a repeated
 * request is the same request (protocol §4), whatever is away meanwhile.
 */
import * as z from 'zod';
import { idempotencyMs } from '../../shared/limits.ts';

/** What a key stands for. `bodySha256`: of the request's body, so that another request is told apart. */
export interface Reservation {
  bodySha256: string;
  ids: Record<string, string>;
}

export interface NamedReservation extends Reservation {
  route: string;
  key: string;
  nowMs: number;
}

/** A client that draws keys for a week at full speed pushes out its own oldest: some 30 MB of the object's 10 GB. */
const mostReserved = 100_000;
/** Expired ones that each new one removes, so that they go faster than they come. */
const sliceRows = 100;

const stored = z.record(z.string(), z.string());

/**
 * The first reservation under this key within its time, which this one becomes where there is none. In a transaction.
 */
export const reserve = (sql: SqlStorage, { route, key, bodySha256, ids, nowMs }: NamedReservation): Reservation => {
  const known = reservedUnder(sql, route, key, nowMs);
  if (known) return known;
  sql.exec('DELETE FROM reserved WHERE route = ? AND key = ?', route, key);
  const { ord } = sql.exec<{ ord: number }>('SELECT coalesce(max(ord), 0) + 1 AS ord FROM reserved').one();
  sql.exec(
    'INSERT INTO reserved (ord, route, key, at, body_sha256, ids) VALUES (?, ?, ?, ?, ?, ?)',
    ord,
    route,
    key,
    nowMs,
    bodySha256,
    JSON.stringify(ids),
  );
  sql.exec('DELETE FROM reserved WHERE ord <= ?', ord - mostReserved);
  sql.exec(
    'DELETE FROM reserved WHERE ord IN (SELECT ord FROM reserved WHERE at < ? ORDER BY at LIMIT ?)',
    nowMs - idempotencyMs,
    sliceRows,
  );
  return { bodySha256, ids };
};

/** What a key stands for; null where it was not used within its time. */
export const reservedUnder = (sql: SqlStorage, route: string, key: string, nowMs: number): Reservation | null => {
  const [row] = sql
    .exec<{ body_sha256: string; ids: string }>(
      'SELECT body_sha256, ids FROM reserved WHERE route = ? AND key = ? AND at >= ?',
      route,
      key,
      nowMs - idempotencyMs,
    )
    .toArray();
  return row ? { bodySha256: row.body_sha256, ids: stored.parse(JSON.parse(row.ids)) } : null;
};
