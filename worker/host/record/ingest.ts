import { appendVerdict } from '../../../shared/append.ts';
import type { LogEvent } from '../../../shared/events.ts';
import { edgeEvent, hostEvent, unknownEvent } from '../../../shared/events.ts';
import {
  type Batch,
  type Delta,
  type Item,
  item as itemSchema,
  type Output,
  type Src,
} from '../../../shared/frames.ts';
import { maxEventBytes, maxPartChars } from '../../../shared/limits.ts';
import { beginningOf } from '../../../shared/text.ts';
import { logError } from '../../log.ts';
import { missionOfAnswer } from '../asks/answers.ts';
import { getAsk } from '../asks/asks.ts';
import type { HostContext } from '../context.ts';
import type { UnknownEvent } from '../log/log.ts';
import { runPosition, setRunPosition, setSourcePosition, sourcePosition } from '../log/runs.ts';
import { confirmEnd, getMessage } from '../messages/messages.ts';
import { getMission, insertMission, type Mission } from '../missions/missions.ts';
import { nobody, takenBackText } from '../missions/nobody.ts';
import { endOrder, orderOf } from '../missions/orders.ts';
import { atomically } from '../remembered.ts';
import { getPart, openTextsOf } from '../text/parts.ts';
import { type BatchMissions, batchMissions } from './batch-missions.ts';
import { type Recorded, recordIn } from './record.ts';

/**
 * Says in the log that a row is not one. Of the mission it was sent for, so that its owner learns what is missing; of
 * none where the reason names anything of another mission, which is for admins (viewers/audience).
 */
type Reject = (reason: string, mission: Mission | null) => void;

export type Ingested = { ok: true; n: number; recorded: Recorded[] } | { ok: false; expected: number };

/**
 * Appends a batch by the rule of protocol §3; call it inside one transaction. A hole in n changes nothing and is
 * returned. A row that is not understood becomes `log.rejected`, and n goes on: one row never blocks a server.
 */
export const ingest = (host: HostContext, batch: Batch, how: 'together' | 'apart'): Ingested => {
  const known = runPosition(host.sql, batch.run);
  if (batch.from > known + 1 && batch.items.length > 0) return { ok: false, expected: known + 1 };
  const sources = new Map<string, Src>();
  const missions = batchMissions(host.sql);
  const recorded: Recorded[] = [];
  let last = known;
  host.log.carry(null);
  for (const [index, raw] of batch.items.entries()) {
    const n = batch.from + index;
    if (index === batch.items.length - 1) host.log.carry({ run: batch.run, n });
    const parsed = itemSchema.safeParse(raw);
    const src = parsed.success ? parsed.data.src : undefined;
    const verdict = appendVerdict(
      n,
      last,
      src,
      src && (sources.get(keyOf(src)) ?? sourcePosition(host.sql, src.source, src.session)),
    );
    if (verdict === 'repeated') continue;
    last = n;
    if (verdict === 'known_source') continue;
    if (src) sources.set(keyOf(src), src);
    const reject: Reject = (reason, mission) => {
      const row = host.log.append(mission?.id ?? null, null, host.now(), {
        type: 'log.rejected',
        run: batch.run,
        n,
        reason: beginningOf(reason, 300),
      });
      recorded.push({ row, mission });
    };
    const event = parsed.success
      ? readEvent(parsed.data)
      : `not an item: ${parsed.error.issues[0]?.message ?? 'malformed'}`;
    const about = () => (parsed.success ? missionOf(missions, parsed.data) : null);
    if (typeof event === 'string' || !parsed.success) reject(String(event), about());
    else {
      const put = () => storeRow(host, missions, parsed.data, event, reject);
      recorded.push(...(how === 'together' ? put() : guarded(host, (reason) => reject(reason, about()), put)));
    }
  }
  missions.save();
  // Once for each session of the batch, however many of its rows there were: every one is billed.
  for (const src of sources.values()) setSourcePosition(host.sql, src);
  const isInLog = host.log.isCarried;
  host.log.carry(null);
  if (last > known) setRunPosition(host.sql, batch.run, last, { seq: host.log.head, isInLog });
  return { ok: true, n: last, recorded };
};

/**
 * Rows the host no longer has: said in the log, and n goes on behind them. Null when rows before the gap are missing
 * too.
 */
export const ingestGap = (host: HostContext, gap: { run: string; from: number; to: number }): Recorded[] | null => {
  const known = runPosition(host.sql, gap.run);
  if (gap.from > known + 1) return null;
  if (gap.to <= known) return [];
  const row = host.log.append(null, null, host.now(), { type: 'log.gap', run: gap.run, from: known + 1, to: gap.to });
  setRunPosition(host.sql, gap.run, gap.to, { seq: host.log.head, isInLog: false });
  return [{ row, mission: null }];
};

const saysOpened = (raw: unknown): boolean =>
  typeof raw === 'object' &&
  raw !== null &&
  'event' in raw &&
  typeof raw.event === 'object' &&
  raw.event !== null &&
  'type' in raw.event &&
  raw.event.type === 'mission.opened';

/**
 * Missions that a batch opens and this object does not know: whether they are another's is asked once they are adopted.
 */
export const unknownMissions = (sql: SqlStorage, batch: Batch): { id: string; owner: string }[] =>
  batch.items.flatMap((raw) => {
    // Nearly all rows are of another type and are parsed fully in `ingest`, so only the type is looked at here.
    if (!saysOpened(raw)) return [];
    const parsed = itemSchema.safeParse(raw);
    if (!parsed.success || parsed.data.mission === null) return [];
    if (getMission(sql, parsed.data.mission) !== null) return [];
    const event = readEvent(parsed.data);
    return typeof event !== 'string' && event.type === 'mission.opened' && 'owner' in event
      ? [{ id: parsed.data.mission, owner: event.owner }]
      : [];
  });

/**
 * How far a delta may lie beyond the stored text. Checkpoints come every 32 KB, so a delta farther ahead is from no
 * host of ours and would only fill our memory.
 */
const maxAheadChars = 4 * 1024 * 1024;

/** Deltas of parts that are open here; the rest is dropped, as deltas may be. */
const openDeltas = (sql: SqlStorage, deltas: Delta[]): Delta[] => {
  if (deltas.length === 0) return [];
  const open = openTextsOf(sql, new Set(deltas.map((delta) => delta.part)));
  return deltas.filter((delta) => {
    const part = open.get(delta.part);
    if (part?.mission !== delta.mission) return false;
    return delta.off + delta.text.length <= Math.min(part.length + maxAheadChars, maxPartChars);
  });
};

/** What a batch has for viewers beside its rows, as far as it is of what is here. */
export const shownBeside = (sql: SqlStorage, batch: Batch): { deltas: Delta[]; outputs: Output[] } => ({
  deltas: openDeltas(sql, batch.deltas),
  outputs: (batch.outputs ?? []).filter(({ mission }) => getMission(sql, mission)?.deleted_at === null),
});

/** The mission that a row was sent for, unless this object does not have it. */
const missionOf = (missions: BatchMissions, { mission: id }: Item): Mission | null => {
  const mission = id === null ? null : missions.get(id);
  return mission && mission.deleted_at === null ? mission : null;
};

const keyOf = (src: Src): string => JSON.stringify([src.source, src.session]);

/**
 * How deeply an event may be nested. JSON.stringify recurses and would overflow the stack at some depth; arguments of
 * real tools never come near this.
 */
const maxLevels = 200;

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each)));

/** The event, or why it is not one. */
const readEvent = ({ event }: Item): LogEvent | UnknownEvent | string => {
  if (isDeeperThan(maxLevels, event)) return `event is nested deeper than ${maxLevels} levels`;
  if (Buffer.byteLength(JSON.stringify(event ?? null)) > maxEventBytes)
    return `event is larger than ${maxEventBytes} bytes`;
  const known = hostEvent.safeParse(event);
  if (known.success) return known.data;
  const other = unknownEvent.safeParse(event);
  if (!other.success) return 'event has no type';
  if (hostTypes.has(other.data.type)) {
    const issue = known.error.issues[0];
    return `${other.data.type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'malformed'}`;
  }
  if (edgeTypes.has(other.data.type)) return `${other.data.type}: only the edge says this`;
  return { type: other.data.type, unknown: true, body: other.data };
};

const hostTypes = new Set<string>(hostEvent.options.map((option) => option.shape.type.value));
const edgeTypes = new Set<string>(edgeEvent.options.map((option) => option.shape.type.value));

/**
 * Names the command, question or part in an event that belongs to another mission, or null. One server holds missions
 * of several users: a host that mixes them up must not end one mission's turn, or show its text, through another.
 */
const foreignIn = (sql: SqlStorage, mission: string, event: LogEvent): string | null => {
  const command = 'command' in event ? event.command : null;
  const ofCommand =
    command === null
      ? null
      : (getMessage(sql, command)?.mission ?? missionOfAnswer(sql, command) ?? orderOf(sql, command)?.mission);
  if ((ofCommand ?? mission) !== mission) return `command ${command}`;
  const request = 'request' in event ? event.request : null;
  const ofAsk = request === null ? null : getAsk(sql, request)?.mission;
  if ((ofAsk ?? mission) !== mission) return `request ${request}`;
  const parts = event.type === 'turn.ended' ? event.answer : 'part' in event ? [event.part] : [];
  const stray = parts.find((part) => (getPart(sql, part)?.mission ?? mission) !== mission);
  return stray === undefined ? null : `part ${stray}`;
};

const isRefused = (cause: unknown): boolean => String(cause).includes('SQLITE_CONSTRAINT');

/**
 * Takes a batch with its rows together. Where our own tables refuse one, nothing of it was stored, and it is taken
 * again with each row in a transaction of its own, so that it is found: which costs more than the rows do, and is never
 * needed for a host of ours.
 */
export const takenTogether = <T>(take: (how: 'together' | 'apart') => T): T => {
  try {
    return take('together');
  } catch (cause) {
    if (!isRefused(cause)) throw cause;
    return take('apart');
  }
};

/** A row that our own tables refuse is poison too; a full or broken disk is not the row's fault and stops the batch. */
const guarded = (host: HostContext, reject: (reason: string) => void, record: () => Recorded[]): Recorded[] => {
  try {
    return atomically(host.storage, record);
  } catch (cause) {
    host.log.reload();
    if (!isRefused(cause)) throw cause;
    logError('row.refused', cause);
    reject('contradicts what is stored');
    return [];
  }
};

/** Of a purged mission only the end of an order is still news; that its files could not be removed is for admins. */
const orderEnd = (host: HostContext, mission: Mission, { at }: Item, event: LogEvent | UnknownEvent): Recorded[] => {
  if ('unknown' in event || event.type !== 'command.finished') return [];
  const order = orderOf(host.sql, event.command);
  if (order?.mission !== mission.id || !endOrder(host.sql, event.command)) return [];
  const recorded = [{ row: host.log.append(mission.id, null, at, { ...event, of: order.kind }), mission }];
  if (event.outcome === 'finished') return recorded;
  const text = `What the deleted mission ${mission.id} has on its server was not removed: ${event.text}`;
  const note = { type: 'host.note' as const, code: 'mission.not_removed', text };
  return [...recorded, { row: host.log.append(null, null, at, note), mission: null }];
};

const storeRow = (
  host: HostContext,
  missions: BatchMissions,
  row: Item,
  event: LogEvent | UnknownEvent,
  reject: Reject,
): Recorded[] => {
  if (row.mission === null) return [{ row: host.log.append(null, null, row.at, event), mission: null }];
  const mission = missions.get(row.mission);
  if (mission?.owner === nobody) {
    reject(takenBackText(row.mission), null);
    return [];
  }
  // Of one in the trash they are kept, since it may be had back.
  if (mission && mission.purge > 0) return orderEnd(host, mission, row, event);
  if (!mission) {
    if (!('owner' in event) || event.type !== 'mission.opened') {
      reject(`${event.type}: mission ${row.mission} is unknown here`, null);
      return [];
    }
    const adopted = {
      id: row.mission,
      owner: event.owner,
      workspace: event.workspace,
      title: event.title,
      agent: null,
      model: null,
    };
    if (!insertMission(host.sql, adopted, host.now())) {
      reject(`mission ${row.mission}: its short id is taken`, null);
      return [];
    }
  }
  const stray = 'unknown' in event ? null : foreignIn(host.sql, row.mission, event);
  if (stray !== null) {
    reject(`${event.type}: ${stray} is another mission's`, null);
    return [];
  }
  const before = mission ?? missions.get(row.mission);
  if (!before) return [];
  const { recorded, after } = recordIn(host, before, event, row.at);
  if (!('unknown' in event) && (event.type === 'turn.ended' || event.type === 'command.finished'))
    confirmEnd(host.sql, event.command);
  missions.set(before, after);
  return recorded;
};
