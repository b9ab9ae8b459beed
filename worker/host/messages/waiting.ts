/**
 * What waits and what is on its way, without the texts. A message waits while it is `kept`; the table `waiting` has a
 * row for each mission in which some do (tables.ts: triggers keep it), so that who comes next, and how much of
 * somebody's waits, costs a look at that somebody's missions and not at everybody's messages.
 */
import type { CommandId, MissionId } from '../../../shared/ids.ts';
import { shownChars } from '../migrate-waiting.ts';
import { remembered } from '../remembered.ts';
import { type KeptMessage, messageAt } from './messages.ts';

/** The messages of a mission that wait. */
export type Waiting = {
  mission: string;
  owner: string;
  /** The place of the oldest in the order of arrival. */
  first: number;
  messages: number;
  /** Of their texts, in UTF-8. */
  bytes: number;
};

const columns = 'mission, owner, first, messages, bytes';

/** What waits in a mission; null where nothing does. */
export const waitingIn = (sql: SqlStorage, mission: string): Waiting | null =>
  sql.exec<Waiting>(`SELECT ${columns} FROM waiting WHERE mission = ?`, mission).toArray()[0] ?? null;

/** How much of an owner's waits. */
export const waitingOf = (sql: SqlStorage, owner: string): { messages: number; bytes: number } =>
  sql
    .exec<{ messages: number; bytes: number }>(
      `SELECT coalesce(sum(messages), 0) AS messages, coalesce(sum(bytes), 0) AS bytes
         FROM waiting INDEXED BY waiting_owner WHERE owner = ?`,
      owner,
    )
    .one();

/** An owner's missions in which something waits, as long as the caller takes them: the one whose first came first. */
export const waitingMissions = (sql: SqlStorage, owner: string, after = 0): Iterable<Waiting> =>
  sql.exec<Waiting>(
    `SELECT ${columns} FROM waiting INDEXED BY waiting_owner WHERE owner = ? AND first > ? ORDER BY first`,
    owner,
    after,
  );

/** Owners of whom something waits; each costs one look into the index, however much it is. */
export const waitingOwners = (sql: SqlStorage): string[] =>
  sql
    .exec<{ owner: string }>(
      `WITH RECURSIVE owners (owner) AS (
         SELECT min(owner) FROM waiting
         UNION ALL SELECT (SELECT min(owner) FROM waiting WHERE owner > owners.owner) FROM owners
           WHERE owners.owner IS NOT NULL)
       SELECT owner FROM owners WHERE owner IS NOT NULL`,
    )
    .toArray()
    .map(({ owner }) => owner);

/** On its way or running. Of a server there are as many as it has slots, or a few more (slots.ts). */
const flight = "commands INDEXED BY commands_flight WHERE state IN ('sent', 'received', 'accepted', 'running')";

/** SQL: nothing of a mission, whose id is in `missions.id`, waits, is on its way or runs. */
export const isWithoutOpen = `NOT EXISTS (SELECT 1 FROM waiting WHERE mission = missions.id)
  AND NOT EXISTS (SELECT 1 FROM ${flight} AND mission = missions.id)`;

/** Everything that a host may have been told and that has no end, in order of arrival. */
export const messagesInFlight = (sql: SqlStorage): KeptMessage[] =>
  sql
    .exec<{ ord: number }>(`SELECT ord FROM ${flight} ORDER BY ord`)
    .toArray()
    .flatMap(({ ord }) => messageAt(sql, ord) ?? []);

/** How many were sent and are not known to be received. */
export const unreceived = (sql: SqlStorage): number =>
  sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${flight} AND state = 'sent'`).one().n;

/** The command a mission is busy with, or null. A mission has one at a time: the next waits here (protocol §4). */
export const inFlight = (sql: SqlStorage, mission: string): KeptMessage | null => {
  const [first] = sql.exec<{ ord: number }>(`SELECT ord FROM ${flight} AND mission = ? ORDER BY ord LIMIT 1`, mission);
  return first ? messageAt(sql, first.ord) : null;
};

/** Missions that a host may be working on, each with the place of its command. */
export const missionsInFlight = (sql: SqlStorage): Map<string, number> =>
  new Map(
    sql
      .exec<{ mission: string; ord: number }>(`SELECT mission, min(ord) AS ord FROM ${flight} GROUP BY mission`)
      .toArray()
      .map(({ mission, ord }) => [mission, ord]),
  );

/** Whether any message has not ended, or (`kept`) has not been sent. Cheap enough to be asked with every frame. */
export const hasOpen = (sql: SqlStorage, which: 'open' | 'kept'): boolean =>
  waits.get(sql, '', () => sql.exec('SELECT 1 FROM waiting LIMIT 1').toArray().length > 0) ||
  (which === 'open' && sql.exec(`SELECT 1 FROM ${flight} LIMIT 1`).toArray().length > 0);

const waits = remembered<boolean>('waiting');

/** Whether any message of a mission has not ended. */
export const hasOpenIn = (sql: SqlStorage, mission: string): boolean =>
  waitingIn(sql, mission) !== null || inFlight(sql, mission) !== null;

/** The oldest message of a mission that has no end. */
export const firstOpen = (sql: SqlStorage, mission: string): KeptMessage | null => {
  const first = inFlight(sql, mission);
  if (first) return first;
  const waiting = waitingIn(sql, mission);
  return waiting && messageAt(sql, waiting.first);
};

const kept = `waiting w CROSS JOIN commands c INDEXED BY commands_kept ON c.mission = w.mission AND c.state = 'kept'`;

/**
 * All that wait in a mission, or of an owner, behind the place `after`, in order of arrival; each is read when the
 * caller comes to it, so that whoever has enough stops.
 */
export function* waitingMessages(
  sql: SqlStorage,
  of: { mission: string } | { owner: string },
  after = 0,
): Generator<KeptMessage> {
  const [column, value] = 'mission' in of ? ['mission', of.mission] : ['owner', of.owner];
  const query = `SELECT c.ord AS ord FROM ${kept} WHERE w.${column} = ? AND c.ord > ? ORDER BY c.ord`;
  yield* messagesAt(sql, sql.exec<{ ord: number }>(query, value, after).toArray());
}

/** What a list shows of a waiting message; `beginning` of its text is `shownChars` long at most. */
export type ShownWaiting = { id: CommandId; mission: MissionId; agent: string | null; beginning: string };

/** The first `most` that wait in a mission, or of an owner, in order of arrival; read from an index alone. */
export const shownWaiting = (
  sql: SqlStorage,
  of: { mission: string } | { owner: string },
  most: number,
): ShownWaiting[] => {
  const [column, value] = 'mission' in of ? ['mission', of.mission] : ['owner', of.owner];
  const shown = `c.id AS id, c.mission AS mission, c.agent AS agent, substr(c.content, 1, ${shownChars}) AS beginning`;
  const query = `SELECT ${shown} FROM ${kept} WHERE w.${column} = ? ORDER BY c.ord LIMIT ?`;
  return sql.exec<ShownWaiting>(query, value, most).toArray();
};

/** Ids of all that wait and came no later than `ord`, in order of arrival, whoever's they are. */
export const waitingUpTo = (sql: SqlStorage, ord: number): CommandId[] =>
  sql
    .exec<{ id: CommandId }>(`SELECT c.id AS id FROM ${kept} WHERE w.first <= ?1 AND c.ord <= ?1 ORDER BY c.ord`, ord)
    .toArray()
    .map(({ id }) => id);

/** All that have no end, in order of arrival. */
export function* everyOpen(sql: SqlStorage): Generator<KeptMessage> {
  const ords = [
    ...sql.exec<{ ord: number }>(`SELECT ord FROM ${flight}`),
    ...sql.exec<{ ord: number }>(`SELECT c.ord AS ord FROM ${kept}`),
  ];
  yield* messagesAt(
    sql,
    ords.toSorted((a, b) => a.ord - b.ord),
  );
}

function* messagesAt(sql: SqlStorage, places: readonly { ord: number }[]): Generator<KeptMessage> {
  for (const { ord } of places) {
    const message = messageAt(sql, ord);
    if (message) yield message;
  }
}
