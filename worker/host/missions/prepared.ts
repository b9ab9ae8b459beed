/**
 * Missions that a host makes ready before their first message (protocol §2 `prepare`): the next one, whose id is drawn
 * before anybody wants it, and the last that were made and have got no message yet. It is a list of at most
 * `maxPrepared`, and only of how soon an agent begins: a mission that is not in it begins as any other.
 */
import { type MissionId, missionId } from '../../../shared/ids.ts';
import { maxPrepared } from '../../../shared/limits.ts';
import { getMeta, setMeta } from '../tables.ts';

/** Stores whether the host does this. Undefined: an older one, which is told of none. */
export const setPrepares = (sql: SqlStorage, prepares: boolean | undefined): void => {
  setMeta(sql, 'prepares', prepares ? '1' : '0');
  if (prepares) drawNext(sql);
};

/** What the host is to have ready, the newest last; null: it does no such thing. */
export const preparedMissions = (sql: SqlStorage): MissionId[] | null =>
  getMeta(sql, 'prepares') === '1' ? rows(sql).map(({ mission }) => missionId.parse(mission)) : null;

/**
 * The id for a new mission, whose place is ready or about to be; nobody else gets it. Null: this host prepares none.
 */
export const takeNext = (sql: SqlStorage): MissionId | null => {
  const next = getMeta(sql, 'prepares') === '1' && rows(sql).find(({ taken }) => taken === 0);
  if (!next) return null;
  sql.exec('UPDATE prepared SET taken = 1 WHERE mission = ?', next.mission);
  drawNext(sql);
  return missionId.parse(next.mission);
};

/** Nobody waits for this mission any more. */
export const forgetPrepared = (sql: SqlStorage, mission: string): void => {
  sql.exec('DELETE FROM prepared WHERE mission = ?', mission);
};

const rows = (sql: SqlStorage) =>
  sql
    .exec<{ mission: string; taken: number }>('SELECT mission, taken FROM prepared WHERE ord > 0 ORDER BY ord')
    .toArray();

const drawNext = (sql: SqlStorage): void => {
  if (!rows(sql).some(({ taken }) => taken === 0))
    sql.exec('INSERT INTO prepared (mission) VALUES (?)', crypto.randomUUID());
  for (const { mission } of rows(sql).slice(0, -maxPrepared)) forgetPrepared(sql, mission);
};
