import { join } from 'node:path';

/** Where everything below `{WORKING_DIR}/.openagent` lives. The directory is 0700, files with secrets are 0600. */
export const stateFiles = (stateDir: string) => ({
  dir: stateDir,
  /** The person's settings: NAME=value lines. */
  config: join(stateDir, 'openagent.env'),
  secrets: join(stateDir, 'secrets.json'),
  /** How the host-agent dials its edge. */
  host: join(stateDir, 'host.json'),
  /** An enrolment that may be half done. */
  enrolment: join(stateDir, 'enrolment.json'),
  /** workerd's configuration, bundle and, below `.wrangler`, its databases. */
  edge: join(stateDir, 'edge'),
  edgeConfig: join(stateDir, 'edge', 'wrangler.jsonc'),
  /** The same for the next start, if it is like this one. */
  edgeNext: join(stateDir, 'edge', 'next.json'),
  /** Where OpenCode listens now; rewritten at each of its starts. */
  openCodeServer: join(stateDir, 'opencode', 'server.json'),
  /** How each OpenCode process ended, for the turns that it had. */
  openCodeEnds: join(stateDir, 'opencode', 'ends.json'),
  /** The hands' own: their sockets, and which missions there are. */
  hands: join(stateDir, 'hands'),
  /** The warden's own: its socket, and who is which Linux user. */
  warden: join(stateDir, 'warden'),
  /** What agents keep beside their missions: homes, by the number of their owner. */
  places: join(stateDir, 'places'),
  /** Which Linux users our own processes are. */
  ownUsers: join(stateDir, 'own-users.json'),
  logs: join(stateDir, 'logs'),
  /** What the launcher has to say to the log; the host-agent takes each file in and removes it. */
  notes: join(stateDir, 'notes'),
  /** Files that people send, until they are whole. */
  uploads: join(stateDir, 'uploads'),
  /** Held by the kernel for the running launcher. */
  lock: join(stateDir, 'launcher.lock'),
  /** Identities of the launcher and its children, for the start after a crash. */
  processes: join(stateDir, 'processes.json'),
  /** The same two of an OpenCode that is a unit of its own. */
  openCodeLock: join(stateDir, 'opencode.lock'),
  openCodeProcesses: join(stateDir, 'opencode-processes.json'),
  /** What the host-agent remembers, in SQLite. */
  store: join(stateDir, 'host-agent.sqlite'),
  /** Histories of missions that rest. */
  parked: join(stateDir, 'parked'),
  /** How providers of models are set up, without any key. */
  providers: join(stateDir, 'providers.json'),
});

export type StateFiles = ReturnType<typeof stateFiles>;
