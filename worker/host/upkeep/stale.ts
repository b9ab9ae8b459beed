/** Closing missions that nobody goes on with (contract §5.2, `STALE_MISSION_HOURS`). */

import { logError } from '../../log.ts';
import type { HostContext } from '../context.ts';
import { getMission } from '../missions/missions.ts';
import { archive } from '../missions/orders.ts';
import type { Change } from '../record/change.ts';
import { type Recorded, recordEvent } from '../record/record.ts';
import { atomically } from '../remembered.ts';
import { postponeClosing, staleMissions } from './due.ts';

/** Contract §13.1. */
const defaultHours = 24;

/**
 * Hours until an open mission is stale, from the variable's text; null for never. A text that is no number is never
 * too: a mission that stays open for a mistake harms nobody, one that is closed for it may.
 */
export const staleHours = (text: string | undefined): number | null => {
  if (text === undefined || text.trim() === '') return defaultHours;
  const hours = /^\d{1,6}$/.test(text.trim()) ? Number(text) : 0;
  return hours === 0 ? null : hours;
};

/**
 * Closes what is stale now. Call it inside a transaction; repeated it finds nothing. One that can't be closed is left
 * for later: neither the others nor the rest of what the alarm is for wait for it.
 */
export const closeStale = (host: HostContext, hours: number): Change => {
  const summary = `Auto-closed after ${hours} hours of inactivity`;
  const event = { type: 'mission.status' as const, status: 'completed' as const, summary };
  const closed = staleMissions(host.sql, hours, host.now()).map((id) => ({ id, recorded: close(host, id, event) }));
  return { recorded: closed.flatMap(({ recorded }) => recorded), touched: closed.map(({ id }) => id) };
};

const close = (host: HostContext, id: string, event: Parameters<typeof recordEvent>[2]): Recorded[] => {
  try {
    return atomically(host.storage, () => {
      const mission = getMission(host.sql, id);
      if (mission) archive(host, mission);
      return recordEvent(host, id, event);
    });
  } catch (cause) {
    host.log.reload();
    logError('stale.failed', cause, { mission: id });
    postponeClosing(host.sql, host.now());
    return [];
  }
};
