import { type QueuedJson, type RunningJson, timestamp } from '../../../shared/api.ts';
import type { LiveTurn } from '../../../shared/events.ts';
import { quietMs } from '../../../shared/limits.ts';
import type { MissionActivity } from '../../../shared/viewer.ts';
import { isWaiting } from '../asks/asks.ts';
import type { HostContext } from '../context.ts';
import { getMessage, messageText } from '../messages/messages.ts';
import { unplacedCount } from '../messages/places.ts';
import {
  hasOpen,
  missionsInFlight,
  waitingIn,
  waitingMessages,
  waitingMissions,
  waitingOf,
} from '../messages/waiting.ts';
import type { QueuePage } from '../replies.ts';
import { getMission, type Mission, runningMissions } from './missions.ts';
import { atWork, isFull } from './slots.ts';

/** Texts in one page of a queue: a millisecond of the object, and of the Worker that writes them. */
const queuePageBytes = 64 * 1024;

/** How a mission is doing, for `status` events. A message counts as waiting until its turn has started. */
export const missionActivity = (sql: SqlStorage, mission: Mission): MissionActivity => {
  const state = mission.turn === null ? 'idle' : stateOf(sql, mission);
  return { mission_id: mission.id, state, queue_len: unplacedCount(sql, mission.id) };
};

/** A turn waits for a person, or goes on by itself. */
const stateOf = (sql: SqlStorage, mission: Mission): 'running' | 'waiting_for_tool' =>
  isWaiting(sql, mission.id) ? 'waiting_for_tool' : 'running';

/** Missions of a user that run, or have something waiting, oldest work first. */
export const busyMissions = (sql: SqlStorage, owner: string): Mission[] => {
  const isOwn = (mission: Mission | null) => mission?.owner === owner && mission.deleted_at === null;
  const running = runningMissions(sql).filter(isOwn);
  const busy = new Map<string, Mission>(running.map((mission) => [mission.id, mission]));
  const open = missionsInFlight(sql);
  for (const { mission, first } of waitingMissions(sql, owner)) open.set(mission, open.get(mission) ?? first);
  for (const [id] of [...open].toSorted(([, a], [, b]) => a - b)) {
    const mission = busy.has(id) ? null : getMission(sql, id);
    if (mission && isOwn(mission)) busy.set(id, mission);
  }
  return [...busy.values()];
};

/** Whether no mission runs and nothing waits: `busyMissions` is empty. */
export const isIdle = (sql: SqlStorage): boolean => !hasOpen(sql, 'open') && runningMissions(sql).length === 0;

/** What is known of a server's turns beyond the log. */
export interface Liveness {
  /**
   * When the host last sent something about this mission, by the object's clock in milliseconds. Undefined after an
   * eviction, because it is kept in memory only.
   */
  seenAt(mission: string): number | undefined;
  /** Live turns as last reported, and when the report came. */
  reported: { turns: LiveTurn[]; atMs: number };
  /** Since when the server is not heard of; null while it is. */
  awaySinceMs: number | null;
}

/**
 * The contract's running list (§2.2): a mission is `running` from its turn's start to its end, whatever the turn waits
 * for, and `queued` while its message is on the way or waits for a slot. Both apps know that state: the web counts it
 * as busy, with Stop (which ends the wait) and "will be queued"; iOS as neither running nor stalled. Not listed are
 * missions whose messages wait for their server only: nothing can be said of when they will run, and the queue shows
 * them.
 */
export const runningJson = (host: HostContext, owner: string, liveness: Liveness): RunningJson[] => {
  const full = isFull(host.sql);
  return busyMissions(host.sql, owner).flatMap((mission) => {
    if (mission.turn === null && atWork(host.sql, mission.id, full) === null) return [];
    const waiting = unplacedCount(host.sql, mission.id);
    return [
      {
        mission_id: mission.id,
        state: mission.turn === null ? ('queued' as const) : stateOf(host.sql, mission),
        queue_len: waiting,
        history_len: host.log.conversationLength(mission.id) + waiting,
        seconds_since_activity: Math.max(0, Math.floor((host.now() - lastActivity(mission, liveness)) / 1000)),
        expected_deliverables: 0,
        ...turnState(mission, liveness, isWaiting(host.sql, mission.id), host.now()),
        ...(liveness.awaySinceMs === null ? {} : { server_away_since: timestamp(liveness.awaySinceMs) }),
      },
    ];
  });
};

/** How many of them have a turn: all but the `queued` ones, without looking at what the list says of each. */
export const runningCount = (sql: SqlStorage, owner: string): number =>
  runningMissions(sql).filter((mission) => mission.owner === owner).length;

/**
 * Messages that wait for their turn, in order of arrival, which is that of their starts; of one mission, or of all of a
 * user. A page of them, behind the one named `after`, and how many there are in all.
 */
export const queuePage = (sql: SqlStorage, owner: string, only: string | null, after: string | null): QueuePage => {
  const of = only === null ? { owner } : { mission: only };
  const waiting = only === null ? { ...waitingOf(sql, owner), owner } : waitingIn(sql, only);
  if (waiting?.owner !== owner) return { list: [], next: null, total: 0 };
  const total = waiting.messages;
  const from = after === null ? 0 : (getMessage(sql, after)?.ord ?? 0);
  const list: QueuedJson[] = [];
  let bytes = 0;
  // Whoever looks at a message reads past its text on the disk, so only those of the page are looked at.
  for (const { id, agent, mission } of waitingMessages(sql, of, from)) {
    const content = messageText(sql, id) ?? '';
    list.push({ id, content, agent, mission_id: mission });
    bytes += Buffer.byteLength(content);
    if (bytes >= queuePageBytes) return { list, next: id, total };
  }
  return { list, next: null, total };
};

const turnState = (
  mission: Mission,
  liveness: Liveness,
  isAsking: boolean,
  nowMs: number,
): Pick<RunningJson, 'turn_state' | 'quiet_since'> => {
  if (mission.turn === null) return {};
  if (isAsking) return { turn_state: 'waiting' };
  const state = liveness.reported.turns.find((live) => live.turn === mission.turn)?.state ?? 'running';
  const lastMs = lastActivity(mission, liveness);
  if (state !== 'running' || nowMs - lastMs < quietMs) return { turn_state: state };
  return { turn_state: 'quiet', quiet_since: timestamp(lastMs) };
};

/**
 * When a turn last showed activity: when we last received something of it, or what the host reported. The host's times
 * are only used as differences between each other, since its clock may differ from ours.
 */
const lastActivity = (mission: Mission, { seenAt, reported }: Liveness): number => {
  const turn = reported.turns.find((live) => live.turn === mission.turn);
  const newest = Math.max(...reported.turns.map((live) => live.last_activity), 0);
  const byReport = turn ? reported.atMs - Math.max(0, newest - turn.last_activity) : 0;
  return Math.max(seenAt(mission.id) ?? 0, byReport, mission.updated_at);
};
