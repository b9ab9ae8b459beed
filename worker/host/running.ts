import { type QueuedJson, type RunningJson, timestamp } from '../../shared/api.ts';
import type { LiveTurn } from '../../shared/events.ts';
import { quietMs } from '../../shared/limits.ts';
import type { MissionRun } from '../../shared/viewer.ts';
import { hasOpen, type KeptMessage, openCommands } from './commands.ts';
import { getMission, type Mission, runningMissions } from './missions.ts';

/** How a mission is doing, for `status` events. A message counts as waiting until its turn has started. */
export const missionRun = (sql: SqlStorage, mission: Mission): MissionRun => {
  const waiting = openCommands(sql, mission.id).filter((command) => command.state !== 'running').length;
  return { mission_id: mission.id, state: mission.turn === null ? 'idle' : 'running', queue_len: waiting };
};

/** Missions that run, or have something waiting, oldest work first. */
export const busyMissions = (sql: SqlStorage): Mission[] => {
  const busy = new Map(runningMissions(sql).map((mission) => [mission.id, mission]));
  for (const { mission: id } of openCommands(sql, null)) {
    const mission = busy.has(id) ? null : getMission(sql, id);
    if (mission && mission.deleted_at === null) busy.set(id, mission);
  }
  return [...busy.values()];
};

/** Whether no mission runs and nothing waits: `busyMissions` is empty. */
export const isIdle = (sql: SqlStorage): boolean => !hasOpen(sql, 'open') && runningMissions(sql).length === 0;

/** What is known of a server's turns beyond the log. */
export interface Activity {
  /** When this construction last heard of a mission's turn, by its own clock (milliseconds). */
  seenAt(mission: string): number | undefined;
  /** Live turns as last reported, and when the report came. */
  reported: { turns: LiveTurn[]; atMs: number };
  /** Since when the server is not heard of; null while it is here. */
  awaySinceMs: number | null;
}

/**
 * The contract's running list (§2.2): a mission is `running` from its turn's start to its end, whatever the turn waits for, and
 * `queued` while its message is on the way. Only waiting messages of a mission that does nothing are not listed.
 */
export const runningJson = (sql: SqlStorage, owner: string, activity: Activity, nowMs: number): RunningJson[] =>
  busyMissions(sql)
    .filter((mission) => mission.owner === owner)
    .flatMap((mission) => {
      const open = openCommands(sql, mission.id);
      const onTheWay = open.some((command) => command.state !== 'kept');
      if (mission.turn === null && !onTheWay) return [];
      return [
        {
          mission_id: mission.id,
          state: mission.turn === null ? ('queued' as const) : ('running' as const),
          queue_len: open.filter((command) => command.state !== 'running').length,
          history_len: historyLength(sql, mission.id),
          seconds_since_activity: Math.max(0, Math.floor((nowMs - lastActivity(mission, activity)) / 1000)),
          expected_deliverables: 0,
          ...turnState(mission, activity, nowMs),
          ...(activity.awaySinceMs === null ? {} : { server_away_since: timestamp(activity.awaySinceMs) }),
        },
      ];
    });

/** Messages that wait for their turn, in order, over all missions of one user. */
export const queueJson = (sql: SqlStorage, owner: string): QueuedJson[] =>
  waitingMessages(sql, owner).map(({ id, content, agent, mission }) => ({ id, content, agent, mission_id: mission }));

/** Messages still at the edge: they can be removed. */
export const waitingMessages = (sql: SqlStorage, owner: string): KeptMessage[] =>
  openCommands(sql, null).filter(
    (command) => command.state === 'kept' && getMission(sql, command.mission)?.owner === owner,
  );

const historyLength = (sql: SqlStorage, mission: string): number =>
  sql
    .exec<{ n: number }>(
      `SELECT count(*) AS n FROM log WHERE mission = ? AND sequence IS NOT NULL
         AND type IN ('message.kept', 'turn.ended', 'command.finished', 'command.lost')`,
      mission,
    )
    .one().n;

const turnState = (
  mission: Mission,
  activity: Activity,
  nowMs: number,
): Pick<RunningJson, 'turn_state' | 'quiet_since'> => {
  if (mission.turn === null) return {};
  const state = activity.reported.turns.find((live) => live.turn === mission.turn)?.state ?? 'running';
  const lastMs = lastActivity(mission, activity);
  if (state !== 'running' || nowMs - lastMs < quietMs) return { turn_state: state };
  return { turn_state: 'quiet', quiet_since: timestamp(lastMs) };
};

/** Heard here, or reported by the host as an age at the time of its report: clocks are never compared. */
const lastActivity = (mission: Mission, { seenAt, reported }: Activity): number => {
  const turn = reported.turns.find((live) => live.turn === mission.turn);
  const newest = Math.max(...reported.turns.map((live) => live.last_activity), 0);
  const byReport = turn ? reported.atMs - Math.max(0, newest - turn.last_activity) : 0;
  return Math.max(seenAt(mission.id) ?? 0, byReport, mission.updated_at);
};
