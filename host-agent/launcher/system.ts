/**
 * The whole system on this machine: three children, each supervised on its own, so that each can die and come back alone.
 * Without an edge there is nothing to use, so a start that fails there ends; OpenCode and the host-agent may be away and
 * are tried again for as long as the system runs.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { type EdgeProcess, edgeRole } from './edge.ts';
import { type Ground, prepareGround } from './ground.ts';
import { hostAgentRole } from './host-agent.ts';
import { openCodeRole, useRunningOpenCode } from './opencode.ts';
import { outliveOurTerminal, say, sayNotices, sayOpenCodeAway, sayReady, tellAbout } from './say.ts';
import { stopSignal } from './stop-signal.ts';
import { type Role, type Supervision, supervise } from './supervise.ts';

/** What differs between `up` and `dev`. */
export interface Variant {
  /** Writes what the edge needs on disk and returns how it is started. */
  edgeProcess(ground: Ground): Promise<EdgeProcess>;
  /** Script with the `agent-child` command. */
  agentScript: string;
  /** Called once the host-agent is supervised, until `stop` aborts. */
  onHostAgent?(hostAgent: Supervision, stop: AbortSignal): Promise<void>;
}

/** Runs until SIGINT or SIGTERM, then ends every child; resolves when all are gone. Rejects when the start fails. */
export const runSystem = async (settings: Settings, variant: Variant): Promise<void> => {
  outliveOurTerminal();
  const stop = stopSignal();
  const ground = await prepareGround(settings);
  sayNotices(settings, ground.means);
  const children = new Map<string, Supervision>();
  try {
    const stopped = aborted(stop);
    await Promise.race([stopped, startChildren(ground, variant, children, stop)]);
    await stopped;
    say('Stopping …');
  } finally {
    await endChildren(children);
    ground.lock.close();
  }
  say('Stopped.');
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Starts the children in the order of their needs: OpenCode takes longest to come up, and the host-agent wants an edge to
 * dial. Resolves when the system is ready. Starts nothing more once `stop` has aborted: what is there is being ended then.
 */
const startChildren = async (
  ground: Ground,
  variant: Variant,
  children: Map<string, Supervision>,
  stop: AbortSignal,
): Promise<void> => {
  const { settings } = ground;
  const begin = (role: Role, title: string): Supervision => {
    const supervision = supervise(role, ground.log, tellAbout(title, ground.logFileOf('launcher')));
    children.set(role.name, supervision);
    return supervision;
  };
  const edgeProcess = await variant.edgeProcess(ground);
  if (stop.aborted) return;
  say(settings.openCodeBaseUrl ? 'Starting the edge …' : 'Starting the edge and OpenCode …');
  const openCode = settings.openCodeBaseUrl
    ? useRunningOpenCode(settings, settings.openCodeBaseUrl)
    : begin(openCodeRole(ground), 'OpenCode').firstStart;
  const edgeFailed = await begin(edgeRole(ground, edgeProcess), 'The edge').firstStart;
  if (stop.aborted) return;
  if (edgeFailed) throw edgeFailed;
  const hostAgent = begin(hostAgentRole(ground, variant.agentScript), 'The host-agent');
  await variant.onHostAgent?.(hostAgent, stop);
  const openCodeAway = await openCode;
  if (stop.aborted) return;
  sayOpenCodeAway(openCodeAway);
  await ground.secrets.keep();
  sayReady(ground);
};

/** Children stop within 5 s; the rest of the promised 10 s is for a child that was still being started. */
const stopWithinMs = 9_000;

/**
 * The host-agent first, while the edge can still take its last events. A child that is not done in time dies with this
 * process, which leaves at once after this.
 */
const endChildren = async (children: Map<string, Supervision>): Promise<void> => {
  const inOrder = async () => {
    await children.get('host-agent')?.stop();
    await Promise.all([...children.values()].map((child) => child.stop()));
  };
  await Promise.race([inOrder(), wait(stopWithinMs, undefined, { ref: false })]);
};
