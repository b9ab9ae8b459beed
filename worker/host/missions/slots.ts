/**
 * Slots: how many missions of a server work at once, and whose turn it is. All of it is read from the tables each time,
 * so it survives evictions and restarts. A mission holds its slot from the moment its message goes out until that
 * message has an end, also while it waits for a person: its turn, its tools and what they started stay alive on the
 * server, and the answer makes it work again at once, whatever else runs by then.
 */

import { heldMessages } from '../messages/held.ts';
import { dueMessages, inFlight, isOpen, type KeptMessage, markMessage, openMessages } from '../messages/messages.ts';
import { getMeta, setMeta } from '../tables.ts';
import { getMission } from './missions.ts';

/** For a server that has not said a number, such as an older agent: what a small one carries. */
const unknownSlots = 4;

export const slotsOf = (sql: SqlStorage): number => Number(getMeta(sql, 'slots') || unknownSlots);

/** Stores how many slots the server has. Undefined: it does not say, or does not say any more. */
export const setSlots = (sql: SqlStorage, slots: number | undefined): void =>
  setMeta(sql, 'slots', slots === undefined ? '' : String(slots));

/** Missions that hold a slot, by owner. */
export const working = (sql: SqlStorage): Map<string, number> => {
  const rows = sql.exec<{ owner: string; n: number }>(
    `SELECT owner, count(*) AS n FROM missions WHERE id IN (
         SELECT mission FROM commands INDEXED BY commands_open
           WHERE ${isOpen} AND state <> 'kept'
         UNION SELECT id FROM missions WHERE turn IS NOT NULL AND deleted_at IS NULL) GROUP BY owner`,
  );
  return new Map(rows.toArray().map(({ owner, n }) => [owner, n]));
};

/** Whether whoever comes now has to wait. */
export const isFull = (sql: SqlStorage): boolean => free(sql, working(sql)) <= 0;

/** Slots that nothing holds; below 0 where the server lowered its number meanwhile. */
const free = (sql: SqlStorage, held: ReadonlyMap<string, number>): number =>
  [...held.values()].reduce((left, n) => left - n, slotsOf(sql) - stillEnding(sql));

/**
 * Turns that were ended at the edge while their server was away. They may still run there, so each holds its slot until
 * the server has been told.
 */
const stillEnding = (sql: SqlStorage): number =>
  sql.exec<{ n: number }>('SELECT count(*) AS n FROM ended_turns').one().n;

/**
 * Waiting messages that may be sent now: the oldest of each free mission, as many as there are slots. First comes the
 * user with the fewest missions at work, of several such the one who was served longest ago, and of one user the oldest
 * message: nobody's many missions keep another's one waiting, also where there is a single slot.
 */
export const nextMessages = (sql: SqlStorage): KeptMessage[] => {
  const held = working(sql);
  let left = free(sql, held);
  if (left <= 0) return [];
  const served = rounds(sql);
  const due = dueMessages(sql, heldMessages(sql)).map((message) => ({ message, owner: ownerOf(sql, message) }));
  const next: KeptMessage[] = [];
  for (; left > 0 && due.length > 0; left--) {
    const chosen = due.reduce((first, each) => (isBefore(each.owner, first.owner, held, served) ? each : first));
    due.splice(due.indexOf(chosen), 1);
    held.set(chosen.owner, (held.get(chosen.owner) ?? 0) + 1);
    served.set(chosen.owner, Math.max(...served.values(), 0) + 1);
    next.push(chosen.message);
  }
  return next;
};

const isBefore = (
  a: string,
  b: string,
  held: ReadonlyMap<string, number>,
  served: ReadonlyMap<string, number>,
): boolean => {
  const fewer = (held.get(a) ?? 0) - (held.get(b) ?? 0);
  return fewer !== 0 ? fewer < 0 : (served.get(a) ?? 0) < (served.get(b) ?? 0);
};

const rounds = (sql: SqlStorage): Map<string, number> => {
  const rows = sql.exec<{ owner: string; round: number }>('SELECT owner, round FROM served').toArray();
  return new Map(rows.map(({ owner, round }) => [owner, round]));
};

/** Gives messages of `nextMessages` their slots, in that order: from here on they are on their way. */
export const takeSlots = (sql: SqlStorage, messages: readonly KeptMessage[]): void => {
  for (const message of messages) {
    markMessage(sql, message.id, 'sent');
    const served = rounds(sql);
    const owner = ownerOf(sql, message);
    const last = Math.max(...served.values(), 0);
    // With a single user this is written once, ever.
    if (served.get(owner) === last) continue;
    sql.exec(
      'INSERT INTO served (owner, round) VALUES (?1, ?2) ON CONFLICT (owner) DO UPDATE SET round = ?2',
      owner,
      last + 1,
    );
  }
};

/** Whether one more message of a free mission would be sent at once, its server being here. */
export const hasRoom = (sql: SqlStorage): boolean => {
  const left = free(sql, working(sql));
  return left > 0 && left > dueMessages(sql, heldMessages(sql)).length;
};

const ownerOf = (sql: SqlStorage, { mission }: KeptMessage): string => getMission(sql, mission)?.owner ?? '';

/**
 * The message a mission works on, or the one it would work on if it had a slot; null where it does nothing, or waits
 * for its server alone. It is what `running` lists and what a cancel ends.
 */
export const atWork = (sql: SqlStorage, mission: string, isFull: boolean): KeptMessage | null =>
  inFlight(sql, mission) ?? (isFull ? (openMessages(sql, mission)[0] ?? null) : null);
