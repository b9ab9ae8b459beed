import { keepAll, type RetentionRule } from '../../../shared/retention.ts';

/** In place of a mission: what applies to all that have no rule of their own. */
export const wholeServer = '';

type Row = RetentionRule & { mission: string };

/** The rule that was set for the server or for a mission, or undefined. */
export const ruleSet = (sql: SqlStorage, mission: string): RetentionRule | undefined => {
  const row = sql.exec<Row>('SELECT mission, days, bytes FROM retentions WHERE mission = ?', mission).toArray()[0];
  return row && { days: row.days, bytes: row.bytes };
};

/** What applies to the server. */
export const serverRule = (sql: SqlStorage): RetentionRule => ruleSet(sql, wholeServer) ?? keepAll;

/** Missions with a rule of their own. */
export const missionRules = (sql: SqlStorage): Row[] =>
  sql
    .exec<Row>('SELECT mission, days, bytes FROM retentions WHERE mission > ? ORDER BY mission', wholeServer)
    .toArray();

/** Sets the rule of a mission or of the server; null takes it back. */
export const setRule = (sql: SqlStorage, mission: string, rule: RetentionRule | null): void => {
  if (rule === null) {
    sql.exec('DELETE FROM retentions WHERE mission = ?', mission);
    return;
  }
  sql.exec(
    `INSERT INTO retentions (mission, days, bytes) VALUES (?, ?, ?)
       ON CONFLICT (mission) DO UPDATE SET days = excluded.days, bytes = excluded.bytes`,
    mission,
    rule.days,
    rule.bytes,
  );
};

/** Bytes that the missions of this server have in its log, as their quotas count them. */
export const bytesOfServer = (sql: SqlStorage): number =>
  sql.exec<{ bytes: number | null }>('SELECT sum(log_bytes) AS bytes FROM usage').one().bytes ?? 0;
