/**
 * The whole system on this machine: four children, each supervised on its own, so that each can die and come back
 * alone. Without an edge there is nothing to use, so a start that fails there ends; OpenCode and the host-agent may be
 * away and are tried again for as long as the system runs.
 */
import { hostAgentRole } from './children/host-agent.ts';
import { startOpenCodeChild } from './children/start-opencode.ts';
import type { StartChild, Supervision } from './children/supervise.ts';
import { type EdgeProcess, edgeRole } from './edge/edge.ts';
import { say, sayOpenCodeAway, sayReady } from './say.ts';
import type { StartWithEdge } from './state/start.ts';
import { runUntilStopped } from './until-stopped.ts';

/** What differs between `up` and `dev`. */
export interface Variant {
  /** Takes the state directory and the port. */
  prepare(): Promise<StartWithEdge>;
  /** Writes what the edge needs on disk and returns how it is started. */
  edgeProcess(start: StartWithEdge): Promise<EdgeProcess>;
  /** It answers within a moment, in which OpenCode would only take its CPU. */
  isEdgeQuick: boolean;
  /** Script with the commands `agent-child`, `hands-child` and `actor-child`. */
  agentScript: string;
  /** Called once the host-agent is supervised, until `stop` aborts. */
  onHostAgent?(hostAgent: Supervision, stop: AbortSignal): Promise<void>;
  /** Called with what is in use, just before the start is said to be ready. */
  onReady?(start: StartWithEdge): Promise<void>;
}

/** Runs until SIGINT or SIGTERM, then ends every child; resolves when all are gone. Rejects when the start fails. */
export const runSystem = (variant: Variant): Promise<void> =>
  runUntilStopped(variant.prepare, (start, startChild, stop) => startChildren(start, variant, startChild, stop));

/**
 * Starts the children in the order in which they are of use: the edge answers people long before OpenCode is up, so it
 * is started first, and again where a password turns out to have changed (state/edge-secrets.ts); the host-agent wants
 * an edge to dial. Resolves when the system is ready. Starts nothing more once `stop` has aborted: what is there is
 * being ended then.
 */
const startChildren = async (
  start: StartWithEdge,
  variant: Variant,
  startChild: StartChild,
  stop: AbortSignal,
): Promise<void> => {
  const process = await variant.edgeProcess(start);
  if (stop.aborted) return;
  say(start.settings.openCodeBaseUrl ? 'Starting the edge …' : 'Starting the edge and OpenCode …');
  const edge = startChild(edgeRole(start, process), 'The edge');
  const openCodeBeside = () => startOpenCodeChild(start, variant.agentScript, startChild, stop);
  const openCodeAtOnce = variant.isEdgeQuick ? undefined : openCodeBeside();
  await answering(edge, stop);
  if (stop.aborted) return;
  const openCode = openCodeAtOnce ?? openCodeBeside();
  const corrected = await start.secrets.corrected();
  if (stop.aborted) return;
  const inUse = corrected ? { ...start, secrets: { ...start.secrets, ...corrected } } : start;
  if (corrected) {
    await edge.stop();
    const process = await variant.edgeProcess(inUse);
    if (stop.aborted) return;
    await answering(startChild(edgeRole(inUse, process), 'The edge'), stop);
    if (stop.aborted) return;
  }
  const hostAgent = startChild(hostAgentRole(start, variant.agentScript), 'The host-agent');
  await variant.onHostAgent?.(hostAgent, stop);
  const openCodeAway = await openCode;
  if (stop.aborted) return;
  sayOpenCodeAway(openCodeAway);
  await start.secrets.keep();
  await variant.onReady?.(inUse);
  sayReady(start);
};

/** Rejects where the edge could not start, unless that is wanted. */
const answering = async (edge: Supervision, stop: AbortSignal): Promise<void> => {
  const failed = await edge.firstStart;
  if (failed && !stop.aborted) throw failed;
};
