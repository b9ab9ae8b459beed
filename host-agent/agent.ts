/**
 * The host-agent: everything it consists of, wired. A command comes by `link` into the inbox, `dispatch` gives it to
 * its mission's runner, OpenCode does the work; what OpenCode says comes by `following` to the runner, which stores it
 * in the outbox, and `link` carries it to the edge. It starts and goes on with the edge away, with OpenCode away, with
 * both.
 */

import { dirname } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { systemClock } from '../shared/clock.ts';
import { changeReplies } from './calls/changes.ts';
import { filesReplies } from './calls/files.ts';
import { openCodeReplies } from './calls/opencode.ts';
import { portReplies } from './calls/ports.ts';
import { providerReplies } from './calls/providers.ts';
import { replyToCalls } from './calls/replies.ts';
import { systemReplies } from './calls/system.ts';
import { workspaceReplies } from './calls/workspace.ts';
import { Dispatch } from './commands/dispatch.ts';
import { stateFiles } from './config/state-files.ts';
import { keepUploadsSwept, sweepUploads } from './files/sweep-uploads.ts';
import { handsControl } from './hands/control/client.ts';
import { enrolledAnew } from './link/enrolled-anew.ts';
import { readHostFile } from './link/host-file.ts';
import { createLink } from './link/link.ts';
import type { Link } from './link/port.ts';
import { type LinkTimes, linkTimes } from './link/times.ts';
import type { MissionContext } from './missions/context.ts';
import { followHands } from './missions/follow-hands.ts';
import { LiveTurns } from './missions/live-turns.ts';
import { missionFiles } from './missions/mission-files.ts';
import { missionHands } from './missions/mission-hands.ts';
import { parkedFiles } from './missions/parking/parked-files.ts';
import { Parking, type ParkingLimits, parkingLimits } from './missions/parking/parking.ts';
import { Preparations } from './missions/preparing/preparations.ts';
import { chooseModel } from './missions/runner/model-choice.ts';
import { AgentNames } from './opencode/api/agent-names.ts';
import { openCodeClient } from './opencode/api/client.ts';
import { endpointFile } from './opencode/api/endpoint.ts';
import { endOf } from './opencode/api/ends.ts';
import { Following } from './opencode/api/following.ts';
import { providerApi } from './opencode/api/provider-api.ts';
import { holdStream, type StreamSink } from './opencode/api/stream.ts';
import { configPlaces, configPlacesIn } from './opencode/config/config-stamp.ts';
import { openCodeFolders } from './opencode/config/folders.ts';
import { secretPlaces } from './opencode/config/secret-places.ts';
import { seedConfigDirectory } from './opencode/config/seed.ts';
import { openCodeBinary } from './opencode/process/binary.ts';
import { readStartFacts } from './opencode/process/start-facts.ts';
import { portsInPlaces } from './ports/in-place.ts';
import { knownSecrets, rememberedSecrets } from './process/known-secrets.ts';
import { createLog, redactSecrets } from './process/log.ts';
import { redactorOf } from './process/redact.ts';
import { together } from './process/together.ts';
import { preferredModel } from './providers/default.ts';
import { providerFacts } from './providers/facts.ts';
import { openProviderFile } from './providers/file.ts';
import { Renewal } from './providers/renewal.ts';
import { keepTakingNotes, takeNotes } from './store/notes.ts';
import { openStore } from './store/store.ts';
import { keepOutbox, recheckMs } from './store/upkeep.ts';
import { watchDisk } from './system/disk-watch.ts';
import { Samples } from './system/samples.ts';
import { hostWorkspace } from './workspaces/host-workspace.ts';
import { workspacesOf } from './workspaces/registry.ts';

export interface AgentConfig {
  /** Where host.json, the store and OpenCode's server.json are. */
  stateDir: string;
  /** Root of the host workspace. */
  workingDir: string;
  /** `provider/model` for messages that name none. */
  defaultModel?: string;
  /** OpenCode's agent for messages that name none. */
  openCodeAgent?: string;
  /** Nothing asks for a permission: what would is allowed. */
  permissive: boolean;
  /** A turn is stopped after so many steps in a row that brought nothing; 0 never stops one. */
  stopAfterRepeats: number;
  /** Missions to work on at once; the edge sends no more. */
  slots: number;
  /** Files of people and missions are reached by the hands, as their owners' users; else by this process. */
  hands: boolean;
}

/** Waits of the host-agent in milliseconds, by which its tests bring about in seconds what takes minutes. */
export interface AgentTimes {
  link: LinkTimes;
  /** Between two looks at a full disk. */
  recheckMs: number;
  /** Sessions that OpenCode keeps; the usual ones (parking.ts) where absent. */
  parking?: ParkingLimits;
}

const agentTimes: AgentTimes = { link: linkTimes, recheckMs };

/** OpenCode's own default agent. */
const buildAgent = 'build';

/**
 * Runs until `signal` aborts, or until this server was enrolled anew and has to begin with another `host.json`; then
 * lets go of both sides. Turns go on in OpenCode. Throws when this server is not enrolled or its store can't be opened.
 */
export const runAgent = async (
  config: AgentConfig,
  signal: AbortSignal,
  times: AgentTimes = agentTimes,
): Promise<'stopped' | 'enrolled anew'> => {
  const clock = systemClock;
  const anew = new AbortController();
  const files = stateFiles(config.stateDir);
  const folders = openCodeFolders(dirname(files.openCodeServer));
  const places = secretPlaces(files);
  const secrets = rememberedSecrets(knownSecrets(places.files, places.folders, clock));
  const log = createLog({ redact: redactSecrets(secrets.all) });

  const hostFile = readHostFile(files.host);
  const store = openStore(files.store, hostFile.id);
  if (store.replaced)
    log.warn('store.replaced', { text: `The store of another host id was moved to ${store.replaced}.` });

  const endpoint = endpointFile(files.openCodeServer);
  const client = openCodeClient(endpoint);
  const providers = providerApi(endpoint);
  const providerFile = openProviderFile(files.providers);
  const renewal = new Renewal(providerFile, () => client.process());
  const following = new Following(client, clock, log);
  const agents = new AgentNames(client, folders.home, log, () => link.agentsChanged());
  const live = new LiveTurns(() => link.turnsChanged());

  const parked = parkedFiles(files.parked);
  const workspaces = workspacesOf(hostWorkspace(hostFile.workspaceId, config));
  const seed = (directory: string) => seedConfigDirectory(directory, openCodeBinary().version);
  const redactor = redactorOf(secrets.all);
  const takeLauncherNotes = (): void => takeNotes(store, files.notes, { redact: (text) => redactor().text(text), log });
  const control = handsControl(files.hands);
  const hands = missionHands({
    control,
    client,
    inUse: () => client.address().isOurs && readStartFacts(folders.startFacts).hands,
    clock,
    log,
  });
  const ofMissions = missionFiles({
    roots: config,
    workspace: workspaces.host,
    control: config.hands ? control : null,
    hands,
    seen: folders.seen,
    seed,
    clock,
    log,
  });
  const preparing: Preparations = new Preparations({
    client,
    store,
    clock,
    log,
    // Of an OpenCode that we did not start it is not known what it is configured by.
    process: () => (following.process() !== null && client.address().isOurs ? following.process() : null),
    ...ofMissions.beforeMessages,
    modelIn: (directory) => chooseModel(context, directory, null).catch(() => null),
    renewal,
    configPlaces: (directory) => {
      const facts = readStartFacts(folders.startFacts);
      return { outside: [...configPlaces(folders), ...facts.given], inside: configPlacesIn(directory, facts) };
    },
  });
  const context: MissionContext = {
    store,
    client,
    following,
    live,
    redactor,
    clock,
    log,
    delta: (delta) => link.delta(delta),
    output: (output, owner) => link.output(output, owner),
    outputEnded: (call) => link.outputEnded(call),
    linkIsUp: () => link.isUp(),
    workspaces,
    ...ofMissions.forMessages,
    defaults: {
      agent: config.openCodeAgent ?? buildAgent,
      model: config.defaultModel ?? null,
      preferred: (directory) => preferredModel(providerFile, () => providers.connected(directory)),
    },
    renewal,
    parking: new Parking({
      client,
      missions: store.missions,
      files: parked,
      log,
      isResting: (mission) => dispatch.isResting(mission),
      limits: times.parking ?? parkingLimits,
    }),
    preparing,
    hands,
    permissive: config.permissive,
    endOf: (process) => endOf(files.openCodeEnds, process),
    stopAfterRepeats: config.stopAfterRepeats,
  };
  const dispatch = new Dispatch(context);
  const note = (code: string, text: string): void => {
    log.warn(code, { text });
    if (store.outbox.isFull()) return; // Then it says so itself.
    store.outbox.append([{ at: clock.now(), mission: null, event: { type: 'host.note', code, text } }]);
  };
  const samples = new Samples(clock, log);

  const sink: StreamSink = {
    opened: (process) => {
      void agents.refresh();
      takeLauncherNotes(); // What an OpenCode before this one left behind.
      following.opened(process);
      dispatch.openCodeIsThere();
      preparing.look();
    },
    events: (events) => following.events(events),
    lost: () => following.lost(),
  };

  const link: Link = createLink({
    hostFile,
    agentVersion: manifest.version,
    outbox: store.outbox,
    inbox: store.inbox,
    edge: store.edge,
    clock,
    times: times.link,
    log,
    hello: () => ({ ...dispatch.report(), agents: agents.names(), workingDir: config.workingDir, slots: config.slots }),
    onWelcome: ({ commands }) => dispatch.welcome(commands.map(({ command }) => command.id)),
    onCommands: () => dispatch.commands(),
    onInterrupt: (interrupt) => dispatch.interrupt(interrupt),
    onEndedTurns: (turns) => dispatch.endedTurns(turns),
    onPrepare: (missions) => preparing.want(missions),
    onCall: replyToCalls({
      changes: changeReplies({
        store,
        hands: context.hands,
        isFree: (mission) => dispatch.isFree(mission),
        clock,
        log,
      }),
      openCode: openCodeReplies({
        client,
        home: folders.home,
        defaultAgent: context.defaults.agent,
        permissive: config.permissive,
        sessionOf: (mission) => (parked.has(mission) ? undefined : store.missions.get(mission)?.session),
      }),
      providers: providerReplies({
        api: providers,
        file: providerFile,
        renewal,
        folders,
        ...providerFacts({ client, folders }),
        defaultModel: context.defaults.model,
        remember: secrets.remember,
        renewMissions: () => {
          dispatch.renew();
          preparing.look();
        },
        clock,
      }),
      system: systemReplies(samples),
      workspace: workspaceReplies(ofMissions.placeOf),
      ports: portReplies({ dial: { hostFile, clock }, portsOf: portsInPlaces(config.hands ? control : null), log }),
      files: filesReplies({ dial: { hostFile, clock }, placeOf: ofMissions.placeOf, uploads: files.uploads, log }),
    }),
  });

  log.info('agent.started', { version: manifest.version, host: hostFile.id, run: store.run });
  try {
    takeLauncherNotes();
    await sweepUploads(files.uploads, clock.now(), { unfinished: true });
    dispatch.attach();
    await together(AbortSignal.any([signal, anew.signal]), [
      (stop) => holdStream(endpoint, sink, { clock, log }, stop),
      (stop) => link.run(stop),
      (stop) => followHands(control, (event) => dispatch.heard(event), { clock, log }, stop),
      (stop) => keepOutbox(store.outbox, { clock, log, recheckMs: times.recheckMs }, stop),
      (stop) => keepTakingNotes(takeLauncherNotes, clock, stop), // Of hands that were ended, for one.
      (stop) => keepUploadsSwept(files.uploads, { clock, log }, stop),
      (stop) => watchDisk(config.stateDir, { clock, tell: note }, stop),
      (stop) => samples.run(stop),
      async (stop) => {
        if (await enrolledAnew(files.host, hostFile, clock, stop)) anew.abort();
      },
    ]);
  } finally {
    preparing.close();
    dispatch.close();
    store.close();
    log.info('agent.stopped');
  }
  return anew.signal.aborted ? 'enrolled anew' : 'stopped';
};
