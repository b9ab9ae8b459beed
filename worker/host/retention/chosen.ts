/** Which missions have something that is to leave the log, by the rules and by indexes. */
import { dayMs } from '../log/marks.ts';
import { bytesOfServer, missionRules, serverRule } from './rules.ts';

/** Missions looked at in one go: of nearly all that are named here something can leave. */
const lookedAt = 20;

type Aged = { id: string; aged_at: number; log_bytes: number };

/** Those without a rule of their own, the oldest first. */
const oldest = (sql: SqlStorage, untilMs: number, limit: number): Aged[] =>
  sql
    .exec<Aged>(
      `SELECT id, aged_at, log_bytes FROM missions INDEXED BY missions_aged
         WHERE deleted_at IS NULL AND aged_at IS NOT NULL AND aged_at <= ?
           AND id NOT IN (SELECT mission FROM retentions) ORDER BY aged_at LIMIT ?`,
      untilMs,
      limit,
    )
    .toArray();

const agedOf = (sql: SqlStorage, mission: string): Aged | undefined =>
  sql
    .exec<Aged>(
      'SELECT id, aged_at, log_bytes FROM missions WHERE id = ? AND deleted_at IS NULL AND aged_at IS NOT NULL',
      mission,
    )
    .toArray()[0];

/**
 * When something is to leave by these rules (milliseconds, maybe past), as far as the age of missions tells; null:
 * nothing is.
 */
export const leavesAt = (sql: SqlStorage): number | null => {
  const server = serverRule(sql);
  const times: number[] = [];
  const [first] = server.days === null && server.bytes === null ? [] : oldest(sql, Number.MAX_SAFE_INTEGER, 1);
  if (first && server.days !== null) times.push(first.aged_at + server.days * dayMs);
  if (first && server.bytes !== null && bytesOfServer(sql) > server.bytes) times.push(0);
  for (const { mission, days, bytes } of missionRules(sql)) {
    const aged = days === null && bytes === null ? undefined : agedOf(sql, mission);
    if (aged && days !== null) times.push(aged.aged_at + days * dayMs);
    if (aged && bytes !== null && aged.log_bytes > bytes) times.push(0);
  }
  return times.length === 0 ? null : Math.min(...times);
};

/** Missions of which something may leave now. */
export const chosen = (sql: SqlStorage, nowMs: number): string[] => {
  const server = serverRule(sql);
  const own = missionRules(sql).flatMap(({ mission, days, bytes }) => {
    const aged = days === null && bytes === null ? undefined : agedOf(sql, mission);
    const isOld = aged !== undefined && days !== null && aged.aged_at + days * dayMs <= nowMs;
    return isOld || (aged !== undefined && bytes !== null && aged.log_bytes > bytes) ? [mission] : [];
  });
  const isOver = server.bytes !== null && bytesOfServer(sql) > server.bytes;
  const until = isOver ? Number.MAX_SAFE_INTEGER : server.days === null ? null : nowMs - server.days * dayMs;
  return [...own.slice(0, lookedAt), ...(until === null ? [] : oldest(sql, until, lookedAt).map(({ id }) => id))];
};
