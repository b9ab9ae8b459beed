import { forgetAsks } from '../asks/asks.ts';
import type { HostContext } from '../context.ts';
import { noteLeft } from '../effects/accounts.ts';
import { want } from '../effects/effects.ts';
import { forgetArchived } from '../log/archives.ts';
import { forgetLogOf } from '../log/leaving.ts';
import { forgetMessages } from '../messages/messages.ts';
import { getMission } from '../missions/missions.ts';
import { giveOrder } from '../missions/orders.ts';
import { forgetTodos } from '../missions/todos.ts';
import { beginPurge, dueForPurge, endPurge } from '../missions/trash.ts';
import type { Change } from '../record/change.ts';
import { getMeta } from '../tables.ts';
import { forgetParts } from '../text/parts.ts';
import { watchSpace } from './space.ts';

/**
 * Rows that one slice removes: a millisecond or two, since frames and people wait for it. What is left goes with the
 * next alarm, which finds it by the tables.
 */
const sliceRows = 200;

/**
 * Removes the next rows of deleted missions whose time in the trash is over (`keptMs`), at most `rows`; it reads what
 * it removes and no more, however long the log is. Call it inside a transaction; a repeated one goes on.
 */
export const purgeSlice = (host: HostContext, keptMs: number, rows: number = sliceRows): Change => {
  for (let left = rows; left > 0; ) {
    const id = dueForPurge(host.sql, keptMs, host.now());
    if (id === null) break;
    beginPurge(host.sql, id);
    left -= removeRows(host.sql, id, left);
    if (left <= 0) break;
    endPurge(host.sql, id);
    if (getMeta(host.sql, 'archives') !== null) want(host.sql, 'archive', id, 1);
    const mission = getMission(host.sql, id);
    if (mission) {
      giveOrder(host.sql, 'mission.delete', mission, host.now());
      noteLeft(host.sql, mission.owner);
    }
    left -= 1;
  }
  return { recorded: watchSpace(host), touched: [] };
};

/** Removes at most `most` rows of a mission from every table; out: how many there were. Fewer than `most`: all. */
const removeRows = (sql: SqlStorage, id: string, most: number): number => {
  const steps = [forgetParts, forgetLogOf, forgetArchived, forgetAsks, forgetTodos, forgetMessages];
  let removed = 0;
  for (const forget of steps) {
    if (removed < most) removed += forget(sql, id, most - removed);
  }
  return removed;
};
