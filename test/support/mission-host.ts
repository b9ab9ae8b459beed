// The host-agent without its link: real store, real OpenCode, and a recorder in place of the edge.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { Dispatch } from '../../host-agent/commands/dispatch.ts';
import { readGivenFile } from '../../host-agent/files/given-file.ts';
import { filesHere } from '../../host-agent/files/here.ts';
import { handsControl } from '../../host-agent/hands/control/client.ts';
import { followHands } from '../../host-agent/missions/follow-hands.ts';
import { LiveTurns } from '../../host-agent/missions/live-turns.ts';
import { missionHands } from '../../host-agent/missions/mission-hands.ts';
import { parkedFiles } from '../../host-agent/missions/parking/parked-files.ts';
import { Parking, type ParkingLimits, parkingLimits } from '../../host-agent/missions/parking/parking.ts';
import { Preparations } from '../../host-agent/missions/preparing/preparations.ts';
import { openCodeClient } from '../../host-agent/opencode/api/client.ts';
import { endpointFile } from '../../host-agent/opencode/api/endpoint.ts';
import { Following } from '../../host-agent/opencode/api/following.ts';
import { holdStream } from '../../host-agent/opencode/api/stream.ts';
import { configPlacesIn } from '../../host-agent/opencode/config/config-stamp.ts';
import { seedConfigDirectory } from '../../host-agent/opencode/config/seed.ts';
import { openCodeBinary } from '../../host-agent/opencode/process/binary.ts';
import type { OpenCodeProcess } from '../../host-agent/opencode/process/process.ts';
import { createLog } from '../../host-agent/process/log.ts';
import { createRedactor } from '../../host-agent/process/redact.ts';
import { Asks } from '../../host-agent/store/asks.ts';
import { openDatabase } from '../../host-agent/store/database.ts';
import { EdgeMemory } from '../../host-agent/store/edge.ts';
import { HistoryHeads } from '../../host-agent/store/history-heads.ts';
import { Inbox } from '../../host-agent/store/inbox.ts';
import { Missions } from '../../host-agent/store/missions.ts';
import { Notes } from '../../host-agent/store/notes.ts';
import { Outbox } from '../../host-agent/store/outbox.ts';
import { Prepared } from '../../host-agent/store/prepared.ts';
import type { Capacity } from '../../host-agent/store/room.ts';
import { openStore, type Store } from '../../host-agent/store/store.ts';
import { transact } from '../../host-agent/store/transaction.ts';
import { Turns } from '../../host-agent/store/turns.ts';
import { prepareMissionDirectory } from '../../host-agent/workspaces/mission-directory.ts';
import { workspacesOf } from '../../host-agent/workspaces/registry.ts';
import { removeMissionFiles } from '../../host-agent/workspaces/remove-mission.ts';
import { removeUntouched } from '../../host-agent/workspaces/remove-untouched.ts';
import { prepareSeen } from '../../host-agent/workspaces/seen.ts';
import type { Workspace } from '../../host-agent/workspaces/workspace.ts';
import { type Clock, systemClock } from '../../shared/clock.ts';
import type { Command, MessageCommand } from '../../shared/commands.ts';
import { type HostEvent, hostEvent } from '../../shared/events.ts';
import { type Delta, item, type Output } from '../../shared/frames.ts';
import type { CommandId, HostId, MissionId } from '../../shared/ids.ts';
import { testWorkspace } from './host-store.ts';
import { eventMs } from './patience.ts';

const row = item.extend({ event: hostEvent });
export type Row = z.infer<typeof row>;

/** Tells the host where OpenCode listens, as the launcher does. */
export const announce = (path: string, { url, username, password, instance }: OpenCodeProcess): void =>
  writeFileSync(path, JSON.stringify({ url, username, password, instance, pid: 1, startedAt: 1 }));

export interface HostOptions {
  dir: string;
  host: HostId;
  serverFile: string;
  secrets?: string[];
  /** The machine's if absent. */
  clock?: Clock;
  defaultModel?: string | null;
  linkIsUp?: () => boolean;
  /** False lets people be asked for permissions. */
  permissive?: boolean;
  /** Fewer or more than the default of 3. */
  stopAfterRepeats?: number;
  /** Fewer sessions than a server has, to see missions parked. */
  parkingLimits?: ParkingLimits;
  /** Directory of the hands; null where OpenCode has its own tools. */
  hands?: string | null;
  /** What OpenCode sees in the place of missions, where it is not shown those. */
  seen?: string;
  /** A small outbox, to fill it. */
  capacity?: Capacity;
}

/** The real store, with the outbox's cap where the test wants it. */
const storeOf = (path: string, { host, capacity }: HostOptions): Store => {
  if (!capacity) return openStore(path, host);
  const database = openDatabase(path, host);
  return {
    run: database.run,
    replaced: null,
    outbox: new Outbox(database, { capacity }),
    inbox: new Inbox(database),
    turns: new Turns(database),
    missions: new Missions(database),
    heads: new HistoryHeads(database),
    edge: new EdgeMemory(database),
    notes: new Notes(database),
    prepared: new Prepared(database),
    asks: new Asks(database),
    transact: (work) => transact(database.db, work),
    close: () => database.db.close(),
  };
};

/** Starts a host over the store in `dir`; a second one over the same store is a host-agent after a restart. */
export const startMissionHost = (options: HostOptions) => {
  const { dir, serverFile } = options;
  const store = storeOf(join(dir, 'host-agent.sqlite'), options);
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line) });
  const client = openCodeClient(endpointFile(serverFile));
  const clock = options.clock ?? systemClock;
  const following = new Following(client, clock, log);
  const deltas: Delta[] = [];
  /** What the link was given of calls, and that it is to send nothing more of one. */
  const outputs: (Output | { call: string; isEnded: true })[] = [];
  const redactor = createRedactor(options.secrets ?? []);
  const live = new LiveTurns(() => undefined);
  const files = parkedFiles(join(dir, 'parked'));
  const limits = options.parkingLimits ?? parkingLimits;
  const isResting = (mission: MissionId): boolean => dispatch.isResting(mission);
  const parking = new Parking({ client, missions: store.missions, files, log, isResting, limits });
  const seed = (path: string) => seedConfigDirectory(path, openCodeBinary().version);
  const workspaces = workspacesOf(testWorkspace(dir));
  const prepareDirectory = async (workspace: Workspace, mission: MissionId, clean: boolean): Promise<string> => {
    const directory = await prepareMissionDirectory(workspace, mission, { clean, seed });
    if (options.seen !== undefined) await prepareSeen(options.seen, directory);
    return directory;
  };
  const place = filesHere({ workingDir: dir, stateDir: join(dir, '.openagent') }, async () => undefined);
  const configPlace = join(dir, 'opencode.json');
  const preparing = new Preparations({
    client,
    store,
    clock,
    log,
    process: () => following.process(),
    prepareDirectory: (mission) => prepareDirectory(workspaces.host, mission, false),
    removeUntouched: (mission) => removeUntouched(workspaces.host, mission),
    modelIn: async () => null,
    renewal: { isDue: () => false, done: () => undefined },
    configPlaces: (directory) => ({
      outside: [configPlace],
      inside: configPlacesIn(directory, { covered: options.seen !== undefined }),
    }),
  });
  const dispatch: Dispatch = new Dispatch({
    store,
    preparing,
    hands: missionHands({
      control: handsControl(options.hands ?? dir),
      client,
      inUse: () => typeof options.hands === 'string',
      clock,
      log,
    }),
    parking,
    client,
    following,
    live,
    redactor: () => redactor,
    clock,
    log,
    delta: (delta) => deltas.push(delta),
    output: (output) => outputs.push(output),
    outputEnded: (call) => outputs.push({ call, isEnded: true }),
    linkIsUp: options.linkIsUp ?? (() => true),
    workspaces,
    removeFiles: ({ files }, mission) => removeMissionFiles(files, mission),
    givenFile: (_, mission, name, maxBytes) => readGivenFile(place, mission, name, maxBytes),
    prepareDirectory: (workspace, mission, { clean }) => prepareDirectory(workspace, mission, clean),
    defaults: { agent: 'build', model: options.defaultModel ?? null, preferred: async () => null },
    renewal: { isDue: () => false, done: () => undefined },
    permissive: options.permissive ?? true,
    stopAfterRepeats: options.stopAfterRepeats ?? 3,
  });
  const stopping = new AbortController();
  const followed = followHands(
    handsControl(options.hands ?? dir),
    (event) => dispatch.heard(event),
    { clock: systemClock, log },
    stopping.signal,
  );
  const streaming = holdStream(endpointFile(serverFile), following, { clock: systemClock, log }, stopping.signal);
  dispatch.attach();

  const rows = (mission?: MissionId): Row[] =>
    [...store.outbox.unacknowledged()]
      .flatMap((page) => page.rows.map((stored) => row.parse(JSON.parse(stored.item))))
      .filter((each) => mission === undefined || each.mission === mission);

  /** The first row, past or future, that satisfies `matches`. */
  const until = async <T extends Row>(matches: (row: Row) => row is T, mission?: MissionId): Promise<T> => {
    for (;;) {
      const found = rows(mission).find(matches);
      if (found) return found;
      await once(store.outbox, 'appended', { signal: AbortSignal.timeout(eventMs) }).catch((error: unknown) => {
        throw new Error(`no such row; there are ${JSON.stringify(rows(mission), null, 1)}\n${lines.join('')}`, {
          cause: error,
        });
      });
    }
  };

  return {
    store,
    client,
    dispatch,
    parking,
    preparing,
    /** A file outside of missions that OpenCode's instances are said to be configured by. */
    configPlace,
    live,
    deltas,
    outputs,
    lines,
    rows,
    events: (mission?: MissionId): HostEvent[] => rows(mission).map((each) => each.event),
    /** As the link does it: into the inbox, then on. */
    give(...commands: Command[]): void {
      store.inbox.accept(commands);
      dispatch.commands();
    },
    cancel({ mission, id }: MessageCommand): void {
      store.inbox.cancel({ mission, command: id });
      dispatch.interrupt({ mission, command: id });
    },
    /** The first event of a type, past or future. */
    async event<T extends HostEvent['type']>(type: T, mission?: MissionId): Promise<Extract<HostEvent, { type: T }>> {
      const isIt = (each: Row): each is Row & { event: Extract<HostEvent, { type: T }> } => each.event.type === type;
      return (await until(isIt, mission)).event;
    },
    async ended(command: CommandId): Promise<Extract<HostEvent, { type: 'turn.ended' }>> {
      const isIt = (each: Row): each is Row & { event: Extract<HostEvent, { type: 'turn.ended' }> } =>
        each.event.type === 'turn.ended' && each.event.command === command;
      return (await until(isIt)).event;
    },
    /** Goes away as a killed process does: nothing more is written or sent. */
    async drop(): Promise<void> {
      stopping.abort();
      preparing.close();
      dispatch.close();
      store.close();
      await Promise.all([streaming, followed]);
    },
  };
};

export type MissionHost = ReturnType<typeof startMissionHost>;

/** The text the log has of each part, by the rules of shared/events.ts. */
export const textsOf = (events: readonly HostEvent[]): Map<string, string> => {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'part.opened') texts.set(event.part, '');
    if (event.type === 'part.checkpoint') {
      const before = event.replace ? '' : (texts.get(event.part) ?? '');
      texts.set(event.part, before.slice(0, event.off) + event.text);
    }
    if (event.type === 'part.closed')
      texts.set(event.part, (texts.get(event.part) ?? '').slice(0, event.off) + event.text);
  }
  return texts;
};
