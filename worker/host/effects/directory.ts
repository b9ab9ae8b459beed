/** Effects that the D1 directory is to have: slices of missions, with what is known of their server (protocol §7). */
import { doubled } from '../../../shared/backoff.ts';
import { within } from '../../../shared/clock.ts';
import { takeBack, tellDirectory, tryDirectory } from '../../directory/projection.ts';
import { logError } from '../../log.ts';
import type { HostContext } from '../context.ts';
import { getMission, type Mission } from '../missions/missions.ts';
import { foreignText, nobody } from '../missions/nobody.ts';
import { atomically } from '../remembered.ts';
import { getMeta, setMeta } from '../tables.ts';
import { cameTo, dueOf, type Effect, type EffectKind, nextOf, postpone, settle, sliceRows, want } from './effects.ts';
import { rebuildDirectory, serverFacts } from './facts.ts';
import { disown, isMadeHere } from './foreign.ts';
import { missionRow } from './mission-row.ts';
import { askAgainAt, attemptLimitMs, noteFailure, noteSuccess } from './patience.ts';
import { keepPreview, previewOf } from './preview.ts';
import type { Telling } from './telling.ts';

const kinds: readonly EffectKind[] = ['server', 'mission', 'rebuild'];

/** A mission that D1 refuses while it takes others is tried again after this, doubling. */
const refusedMinMs = 4_000;
const refusedMaxMs = 15 * 60_000;

/** When D1 is to be told something next (milliseconds, maybe past), or null while it has everything. */
export const directoryDue = (sql: SqlStorage): number | null => {
  const next = nextOf(sql, kinds);
  return next === null ? null : Math.max(next, askAgainAt(sql));
};

/** Tells D1 one slice of what it is to have. False: there is nothing to tell now. Never throws. */
export const tellSlice = async (telling: Telling): Promise<boolean> => {
  const { host } = telling;
  const due = directoryDue(host.sql);
  if (due === null || due > host.now()) return false;
  return tellOrWait(telling, nextSlice(host.sql, host.now()));
};

const tellOrWait = async (telling: Telling, slice: Slice): Promise<boolean> => {
  try {
    await tell(telling, slice);
    return true;
  } catch (cause) {
    return onFailure(telling, slice, cause);
  }
};

/** What one transaction of D1 is to have, and which effects it settles. */
interface Slice {
  missions: Mission[];
  settled: Effect[];
  /** The rebuild that `missions` are a step of. */
  rebuild?: Effect;
}

/** What D1 is to have of a mission: nothing of one that is another server's, whose row it would take. */
const tellable = (sql: SqlStorage, id: string): Mission[] => {
  const mission = getMission(sql, id);
  return mission === null || mission.owner === nobody ? [] : [mission];
};

/** Missions that changed come before those that are only told again. */
const nextSlice = (sql: SqlStorage, nowMs: number): Slice => {
  const server = dueOf(sql, 'server', nowMs);
  const changed = dueOf(sql, 'mission', nowMs);
  if (changed.length > 0) {
    return { missions: changed.flatMap(({ key }) => tellable(sql, key)), settled: [...server, ...changed] };
  }
  const [rebuild] = dueOf(sql, 'rebuild', nowMs);
  if (!rebuild) return { missions: [], settled: server };
  const ids = sql.exec<{ id: string }>(
    'SELECT id FROM missions WHERE id > ? AND owner <> ? ORDER BY id LIMIT ?',
    rebuild.note,
    nobody,
    sliceRows,
  );
  return { missions: ids.toArray().flatMap(({ id }) => tellable(sql, id)), settled: server, rebuild };
};

/** Of what D1 has of another server: what is this one's nevertheless, and what is not. */
const madeHere = (sql: SqlStorage, ids: readonly string[]): [own: string[], foreign: string[]] => {
  const own = new Set(ids.filter((id) => isMadeHere(sql, id)));
  return [[...own], ids.filter((id) => !own.has(id))];
};

/** How many slices D1 has taken of this log. */
const toldSlices = (sql: SqlStorage): number => Number(getMeta(sql, 'slices') ?? 0);

const tell = async (telling: Telling, { missions, settled, rebuild }: Slice): Promise<void> => {
  const { host, directory, onTakenBack } = telling;
  const { sql, log } = host;
  const { working_dir: workingDir, connected_since: connectedSince, ...known } = serverFacts(sql);
  const server = { id: directory.host, log: log.id, ...known, workingDir, connectedSince };
  const previews = missions.map((mission) => previewOf(host, mission));
  const rows = missions.map((mission, n) => missionRow(host, mission, directory.host, previews[n] ?? { entries: [] }));
  const told = toldSlices(sql);
  const count = rows.length === 0 ? told : told + 1;
  const before = await inTime(telling, tellDirectory(directory.db, server, count, rows));
  const [own, foreign] = madeHere(sql, before?.foreign ?? []);
  if (own.length > 0) await inTime(telling, takeBack(directory.db, directory.host, own));
  const taken = atomically(host.storage, () => {
    noteSuccess(sql, host.now());
    if (count > told) setMeta(sql, 'slices', String(count));
    for (const effect of settled) settle(sql, effect);
    for (const preview of previews) keepPreview(sql, preview);
    const last = missions.at(-1);
    if (rebuild && missions.length < sliceRows) settle(sql, rebuild);
    else if (rebuild && last) cameTo(sql, rebuild, last.id);
    // D1 was replaced by an older copy, or has never heard of this log (protocol §6).
    if (before !== null && (before.log !== server.log || before.slice < told)) rebuildDirectory(sql);
    for (const id of own) want(sql, 'mission', id, 1);
    return disown(host, foreign);
  });
  const [first] = taken;
  if (first !== undefined) onTakenBack(foreignText(first));
};

/**
 * D1 is away: all waits. It takes writes, and something in this slice is refused: one is told after the other, and what
 * is refused waits by itself. False: nothing more can be told now.
 */
const onFailure = async (telling: Telling, slice: Slice, cause: unknown): Promise<boolean> => {
  const { host, directory } = telling;
  const { sql } = host;
  try {
    await inTime(telling, tryDirectory(directory.db, directory.host));
  } catch {
    noteFailure(sql, host.now(), cause);
    return false;
  }
  const [first, ...others] = slice.missions;
  if (others.length === 0) {
    setAside(host, first ? { kind: 'mission', key: first.id } : { kind: 'server', key: '' }, cause);
  } else {
    for (const mission of slice.missions) {
      const settled = slice.settled.filter(({ kind, key }) => kind === 'mission' && key === mission.id);
      if (!(await tellOrWait(telling, { missions: [mission], settled }))) return false;
    }
  }
  const last = slice.missions.at(-1);
  if (slice.rebuild && last) cameTo(sql, slice.rebuild, last.id);
  return true;
};

const setAside = ({ sql, now }: HostContext, of: Pick<Effect, 'kind' | 'key'>, cause: unknown): void => {
  const failures = postpone(sql, of, (tries) => now() + doubled(refusedMinMs, refusedMaxMs, tries));
  if (failures === 1) logError('directory.refused', cause, { kind: of.kind, key: of.key });
};

/** Rejects after as long as D1 may take now; what was asked may be done nevertheless. */
const inTime = <T>({ host, clock }: Telling, asked: Promise<T>): Promise<T> => {
  const limitMs = attemptLimitMs(host.sql);
  return within(clock, limitMs, asked, (): never => {
    throw new Error(`D1 did not answer within ${limitMs / 1000} s`);
  });
};
