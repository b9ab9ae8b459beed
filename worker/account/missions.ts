/**
 * Where the user's missions are, and which one is current: what routes the next request is here, so that it needs no
 * D1. A mission never moves to another server, so a place that is known is right; one that is not known is asked of D1.
 */
import { getMeta, setMeta } from '../versioned.ts';

/** A mission of the user, and the server that holds it. */
export interface Place {
  mission: string;
  host: string;
}

/** Places that an account remembers, the last used ones: some hundred kilobytes. */
const mostPlaces = 5_000;

export const placeOf = (sql: SqlStorage, mission: string): string | null =>
  sql.exec<{ host: string }>('SELECT host FROM places WHERE mission = ?', mission).toArray()[0]?.host ?? null;

/** Those of these that are known on another server than this. */
export const elsewhere = (sql: SqlStorage, server: string, missions: readonly string[]): string[] =>
  sql
    .exec<{ mission: string }>(
      'SELECT mission FROM places WHERE mission IN (SELECT value FROM json_each(?)) AND host <> ?',
      JSON.stringify(missions),
      server,
    )
    .toArray()
    .map(({ mission }) => mission);

/** Notes a place. A known one costs nothing. */
export const notePlace = (sql: SqlStorage, { mission, host }: Place): void => {
  if (placeOf(sql, mission) !== null) return;
  const { ord } = sql.exec<{ ord: number }>('SELECT coalesce(max(ord), 0) + 1 AS ord FROM places').one();
  sql.exec('INSERT INTO places (mission, host, ord) VALUES (?, ?, ?)', mission, host, ord);
  sql.exec('DELETE FROM places WHERE ord <= ? AND mission <> ?', ord - mostPlaces, getMeta(sql, 'current') ?? '');
};

/** The mission that messages without a target go to: undefined in an account that was never told. */
export const currentOf = (sql: SqlStorage): Place | null | undefined => {
  const mission = getMeta(sql, 'current');
  if (mission === null) return undefined;
  const host = placeOf(sql, mission);
  return host === null ? null : { mission, host };
};

export const setCurrent = (sql: SqlStorage, place: Place | null): void => {
  if (place) notePlace(sql, place);
  setMeta(sql, 'current', place?.mission ?? '');
};

/** Missions that are gone, and the pointer to one of them (contract §5.10). */
export const forgetMissions = (sql: SqlStorage, gone: readonly string[]): void => {
  if (gone.includes(getMeta(sql, 'current') ?? '')) setCurrent(sql, null);
  sql.exec('DELETE FROM places WHERE mission IN (SELECT value FROM json_each(?))', JSON.stringify(gone));
};
