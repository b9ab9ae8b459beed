import { maxEventBytes } from '../../../shared/limits.ts';
import type { HostContext } from '../context.ts';
import { changeFacts, serverFacts } from '../effects/facts.ts';
import type { Recorded } from '../record/record.ts';
import { percentFull, refusePercent, tellPercent } from '../usage/space.ts';

/** It is full no more only this much below a threshold, so that a size that goes up and down is told once. */
const slackPercent = 5;

/**
 * Tells admins when the object has come to 80 % and to 95 % of what it can hold: a row of no mission in the log, and a
 * mark in the list of servers. Call it in a transaction that may have made it grow, or smaller.
 */
export const watchSpace = (host: HostContext): Recorded[] => {
  const percent = percentFull(host);
  const told = serverFacts(host.sql).full;
  const isStill = told > 0 && percent >= told - slackPercent;
  const now = percent >= refusePercent ? refusePercent : percent >= tellPercent ? tellPercent : 0;
  const full = isStill ? Math.max(told, now) : now;
  if (full === told) return [];
  changeFacts(host.sql, { full });
  if (full < told) return [];
  const event = { type: 'host.note' as const, code: 'log.nearly_full', text: textOf(full) };
  return [{ row: host.log.append(null, null, host.now(), event), mission: null }];
};

/** By object: how far the log was when a frame last looked at the size. Memory only. */
const lookedAt = new WeakMap<SqlStorage, number>();

/** What frames may add between two looks is less than this part of what the object can hold. */
const unseenPart = 1 / 1_000;

/**
 * The same for a frame of a host, which only makes it grow. To ask for the size is 4 % of what a batch costs, so it is
 * done only after as many rows as could matter if each were the longest.
 */
export const watchGrowth = (host: HostContext): Recorded[] => {
  const { sql, log, roomBytes } = host;
  const rows = Math.abs(log.head - (lookedAt.get(sql) ?? Number.NEGATIVE_INFINITY));
  if (rows * maxEventBytes < roomBytes * unseenPart) return [];
  const recorded = watchSpace(host);
  lookedAt.set(sql, log.head);
  return recorded;
};

const textOf = (percent: number): string =>
  percent >= refusePercent
    ? `The log of this server is ${percent} % full: no new mission begins there until missions were deleted and purged (TRASH_DAYS). Those that run go on.`
    : `The log of this server is ${percent} % full. At ${refusePercent} % no new mission begins there: delete missions that are not needed, or add a server.`;
