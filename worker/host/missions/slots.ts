/**
 * Slots: how many missions of a server work at once, and whose turn it is. All of it is read from the tables each time,
 * so it survives evictions and restarts. A mission holds its slot from the moment its message goes out until that
 * message has an end, also while it waits for a person: its turn, its tools and what they started stay alive on the
 * server, and the answer makes it work again at once, whatever else runs by then.
 */

import { heldUpTo } from '../messages/held.ts';
import type { KeptMessage } from '../messages/messages.ts';
import { firstOpen, hasOpen, inFlight, missionsInFlight, waitingMissions, waitingOwners } from '../messages/waiting.ts';
import { getMeta, setMeta } from '../tables.ts';

/** For a server that has not said a number, such as an older agent: what a small one carries. */
export const unknownSlots = 4;

export const slotsOf = (sql: SqlStorage): number => Number(getMeta(sql, 'slots') || unknownSlots);

/** Stores how many slots the server has. Undefined: it does not say, or does not say any more. */
export const setSlots = (sql: SqlStorage, slots: number | undefined): void =>
  setMeta(sql, 'slots', slots === undefined ? '' : String(slots));

/** SQL: a mission, whose id is in `id`, holds a slot. Read from what is at work, not from all missions. */
export const isAtWork = `id IN (
  SELECT mission FROM commands INDEXED BY commands_flight WHERE state IN ('sent', 'received', 'accepted', 'running')
  UNION SELECT id FROM missions WHERE turn IS NOT NULL AND deleted_at IS NULL)`;

/** Missions that hold a slot, by owner. */
export const working = (sql: SqlStorage): Map<string, number> => {
  const rows = sql.exec<{ owner: string; n: number }>(
    `SELECT owner, count(*) AS n FROM missions WHERE ${isAtWork} GROUP BY owner`,
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

/** A waiting message whose mission is free, by its place in the order of arrival. */
export interface Due {
  ord: number;
  mission: string;
  owner: string;
}

/** The owner's oldest message behind `after` whose mission is free. What is held blocks its mission. */
const dueOf = (sql: SqlStorage, owner: string, after: number, busy: ReadonlyMap<string, number>): Due | null => {
  // Only missions that work are passed over, and of these a server has no more than slots.
  for (const { mission, first } of waitingMissions(sql, owner, after))
    if (!busy.has(mission)) return { ord: first, mission, owner };
  return null;
};

/**
 * Waiting messages that may be sent now: the oldest of each free mission, as many as there are slots. First comes the
 * user with the fewest missions at work, of several such the one who was served longest ago, and of one user the oldest
 * message: nobody's many missions keep another's one waiting, also where there is a single slot. What it costs grows
 * with the users for whom something waits and with the slots, not with how much waits. `most`: no more are wanted.
 */
export const nextMessages = (sql: SqlStorage, most = Number.POSITIVE_INFINITY): Due[] => {
  if (!hasOpen(sql, 'kept')) return [];
  const held = working(sql);
  let left = Math.min(most, free(sql, held));
  if (left <= 0) return [];
  const busy = missionsInFlight(sql);
  const afterHeld = heldUpTo(sql);
  const heads = waitingOwners(sql).flatMap((owner) => dueOf(sql, owner, afterHeld, busy) ?? []);
  const served = new Map(heads.map(({ owner }) => [owner, roundOf(sql, owner)]));
  let round = lastRound(sql);
  const next: Due[] = [];
  for (; left > 0 && heads.length > 0; left--) {
    const chosen = heads.reduce((first, each) => (isBefore(each, first, held, served) ? each : first));
    const following = dueOf(sql, chosen.owner, chosen.ord, busy);
    heads.splice(heads.indexOf(chosen), 1, ...(following ? [following] : []));
    held.set(chosen.owner, (held.get(chosen.owner) ?? 0) + 1);
    round += 1;
    served.set(chosen.owner, round);
    next.push(chosen);
  }
  return next;
};

const isBefore = (a: Due, b: Due, held: ReadonlyMap<string, number>, served: ReadonlyMap<string, number>): boolean => {
  const fewer = (held.get(a.owner) ?? 0) - (held.get(b.owner) ?? 0);
  const earlier = (served.get(a.owner) ?? 0) - (served.get(b.owner) ?? 0);
  return (fewer || earlier || a.ord - b.ord) < 0;
};

const roundOf = (sql: SqlStorage, owner: string): number =>
  sql.exec<{ round: number }>('SELECT round FROM served WHERE owner = ?', owner).toArray()[0]?.round ?? 0;

const lastRound = (sql: SqlStorage): number =>
  sql.exec<{ last: number | null }>('SELECT max(round) AS last FROM served').one().last ?? 0;

/** Gives messages their slots, in the order of `nextMessages`: from here on they are on their way. */
export const takeSlots = (sql: SqlStorage, messages: readonly Due[]): void => {
  for (const { ord, owner } of messages) {
    sql.exec("UPDATE commands SET state = 'sent' WHERE ord = ? AND state = 'kept'", ord);
    const last = lastRound(sql);
    // With a single user this is written once, ever.
    if (last > 0 && roundOf(sql, owner) === last) continue;
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
  return left > 0 && left > nextMessages(sql).length;
};

/**
 * The message a mission works on, or the one it would work on if it had a slot; null where it does nothing, or waits
 * for its server alone. It is what `running` lists and what a cancel ends.
 */
export const atWork = (sql: SqlStorage, mission: string, isFull: boolean): KeptMessage | null =>
  isFull ? firstOpen(sql, mission) : inFlight(sql, mission);
