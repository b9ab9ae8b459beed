/** A slice leaves the log: in its place stands one event that says what it was. */
import type { LogEvent } from '../../../shared/events.ts';
import type { HostContext } from '../context.ts';
import { eventOf, forgetRows, replaceRow } from '../log/leaving.ts';
import { forgetTexts } from '../messages/messages.ts';
import { getMission } from '../missions/missions.ts';
import { forgetTextsOf } from '../text/parts.ts';
import { agedSince, type Slice } from './slice.ts';

type Pruned = Extract<LogEvent, { type: 'log.pruned' }>;

/**
 * Removes the rows of a slice, with the texts they point to. `isArchived`: they were written to the archive. Call it in
 * a transaction, with a slice that was found in it.
 */
export const dropSlice = (host: HostContext, slice: Slice, isArchived: boolean): void => {
  const { sql } = host;
  const { mission, to, shown, unshown, parts, commands, rows, bytes } = slice;
  const before = prunedBefore(host, slice);
  const last = shown.at(-1);
  if (last === undefined) throw new Error('a slice has a row with a sequence');
  forgetRows(sql, [...shown.slice(0, -1), ...unshown, ...(before ? [before.seq] : [])]);
  forgetTextsOf(sql, parts);
  forgetTexts(sql, commands);
  replaceRow(sql, last, {
    type: 'log.pruned',
    from: 1,
    to,
    rows: rows + (before?.event.rows ?? 0),
    bytes: bytes + (before?.event.bytes ?? 0),
    archived: archivedBy(before?.event.archived, isArchived),
  });
  sql.exec(
    `UPDATE missions SET pruned = ?, aged_at = ?, log_bytes = max(0, log_bytes - ?), rev = rev + 1 WHERE id = ?`,
    to,
    agedSince(sql, mission, to),
    bytes,
    mission.id,
  );
};

const archivedBy = (before: Pruned['archived'] | undefined, isArchived: boolean): Pruned['archived'] => {
  const now = isArchived ? 'all' : 'none';
  return before === undefined || before === now ? now : 'some';
};

/** What already stands in the place of the rows before this slice. */
const prunedBefore = ({ sql }: HostContext, { mission }: Slice): { seq: number; event: Pruned } | null => {
  if (mission.pruned === 0) return null;
  const found = eventOf(sql, mission.id, mission.pruned);
  return found && !('unknown' in found.event) && found.event.type === 'log.pruned'
    ? { seq: found.seq, event: found.event }
    : null;
};

/** Nothing of this mission can leave now: it is looked at again when something more of it has ended. */
export const settleAge = ({ sql }: HostContext, id: string): void => {
  const mission = getMission(sql, id);
  if (mission) sql.exec('UPDATE missions SET aged_at = ? WHERE id = ?', agedSince(sql, mission, mission.pruned), id);
};
