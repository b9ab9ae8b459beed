/**
 * The host-agent: everything it consists of, wired. A command comes by `link` into the inbox, `dispatch` gives it to its
 * mission's runner, OpenCode does the work; what OpenCode says comes by `upstream` to the runner, which stores it in the
 * outbox, and `link` carries it to the edge. It starts and goes on with the edge away, with OpenCode away, with both.
 */
import { dirname, join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import type { MissionId } from '../shared/ids.ts';
import { answerCalls } from './calls/answers.ts';
import { Dispatch } from './commands/dispatch.ts';
import { stateFiles } from './config/state-files.ts';
import { enrolledAnew } from './link/enrolled-anew.ts';
import { readHostFile } from './link/host-file.ts';
import { createLink } from './link/link.ts';
import type { Link } from './link/port.ts';
import type { MissionContext } from './missions/context.ts';
import { LiveTurns } from './missions/live-turns.ts';
import { createRedactor, type Redactor } from './missions/redact.ts';
import { AgentNames } from './opencode/agent-names.ts';
import { openCodeBinary } from './opencode/binary.ts';
import { openCodeClient } from './opencode/client.ts';
import { endpointFile } from './opencode/endpoint.ts';
import { openCodeFolders } from './opencode/folders.ts';
import { seedConfigDirectory } from './opencode/seed.ts';
import { holdStream, type StreamSink } from './opencode/stream.ts';
import { Upstream } from './opencode/upstream.ts';
import { systemClock } from './process/clock.ts';
import { knownSecrets } from './process/known-secrets.ts';
import { createLog, redactSecrets } from './process/log.ts';
import { together } from './process/together.ts';
import { takeNotes } from './store/notes.ts';
import { openStore } from './store/store.ts';
import { keepOutbox } from './store/upkeep.ts';
import { prepareMissionDirectory } from './workspaces/mission-directory.ts';

export interface AgentConfig {
  /** Where host.json, the store and OpenCode's server.json are. */
  stateDir: string;
  /** Root of the host workspace. */
  workingDir: string;
  /** `provider/model` for messages that name none. */
  defaultModel?: string;
  /** OpenCode's agent for messages that name none. */
  openCodeAgent?: string;
}

/** OpenCode's own default agent. */
const buildAgent = 'build';

/**
 * Runs until `signal` aborts, or until this server was enrolled anew and has to begin with another `host.json`; then lets go of
 * both sides. Turns go on in OpenCode. Throws when this server is not enrolled or its store can't be opened.
 */
export const runAgent = async (config: AgentConfig, signal: AbortSignal): Promise<'stopped' | 'enrolled anew'> => {
  const anew = new AbortController();
  const files = stateFiles(config.stateDir);
  const folders = openCodeFolders(dirname(files.openCodeServer));
  const secretFiles = [files.host, files.secrets, files.openCodeServer, folders.authFile];
  const secrets = knownSecrets([...secretFiles, join(folders.givenConfig, 'opencode.json')], [folders.providerKeys]);
  const log = createLog({ redact: redactSecrets(secrets) });
  const clock = systemClock;

  const hostFile = readHostFile(files.host);
  const store = openStore(files.store, hostFile.id);
  if (store.replaced)
    log.warn('store.replaced', { text: `The store of another host id was moved to ${store.replaced}.` });

  const endpoint = endpointFile(files.openCodeServer);
  const client = openCodeClient(endpoint);
  const upstream = new Upstream(client, log);
  const agents = new AgentNames(client, folders.home, log, () => link.agentsChanged());
  const live = new LiveTurns(() => link.turnsChanged());

  const prepareDirectory = (mission: MissionId, options: { clean: boolean }): Promise<string> => {
    const seed = (directory: string) => seedConfigDirectory(directory, openCodeBinary().version);
    return prepareMissionDirectory({ workingDir: config.workingDir, seedConfigDirectory: seed }, mission, options);
  };
  const redactor = redactorOf(secrets);
  const takeLauncherNotes = (): void => takeNotes(store, files.notes, { redact: (text) => redactor().text(text), log });
  const context: MissionContext = {
    store,
    client,
    upstream,
    live,
    redactor,
    clock,
    log,
    delta: (delta) => link.delta(delta),
    linkIsUp: () => link.isUp(),
    prepareDirectory,
    defaults: { agent: config.openCodeAgent ?? buildAgent, model: config.defaultModel ?? null },
  };
  const dispatch = new Dispatch(context);

  const sink: StreamSink = {
    opened: (instance) => {
      void agents.ask();
      takeLauncherNotes(); // What an OpenCode before this one left behind.
      upstream.opened(instance);
      dispatch.openCodeIsThere();
    },
    frames: (frames) => upstream.frames(frames),
    lost: () => upstream.lost(),
  };

  const link: Link = createLink({
    hostFile,
    agentVersion: manifest.version,
    outbox: store.outbox,
    inbox: store.inbox,
    edge: store.edge,
    clock,
    log,
    hello: () => ({ ...dispatch.report(), agents: agents.names(), workingDir: config.workingDir }),
    onWelcome: ({ commands }) => dispatch.welcome(commands.map(({ command }) => command.id)),
    onCommands: () => dispatch.commands(),
    onInterrupt: (interrupt) => dispatch.interrupt(interrupt),
    onEndedTurns: (turns) => dispatch.endedTurns(turns),
    onCall: answerCalls([]),
  });

  log.info('agent.started', { version: manifest.version, host: hostFile.id, run: store.run });
  try {
    takeLauncherNotes();
    dispatch.attach();
    await together(AbortSignal.any([signal, anew.signal]), [
      (stop) => holdStream(endpoint, sink, log, stop),
      (stop) => link.run(stop),
      (stop) => keepOutbox(store.outbox, clock, log, stop),
      async (stop) => {
        if (await enrolledAnew(files.host, hostFile, stop)) anew.abort();
      },
    ]);
  } finally {
    dispatch.close();
    store.close();
    log.info('agent.stopped');
  }
  return anew.signal.aborted ? 'enrolled anew' : 'stopped';
};

/** Made anew only when the secrets have changed. */
const redactorOf = (secrets: () => readonly string[]): (() => Redactor) => {
  let known = secrets();
  let redactor = createRedactor(known);
  return () => {
    const now = secrets();
    if (now !== known) redactor = createRedactor(now);
    known = now;
    return redactor;
  };
};
