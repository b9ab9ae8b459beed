import { orderKinds } from '../../shared/commands.ts';
import type { Hello, Welcome } from '../../shared/frames.ts';
import { maxRuns, maxWelcomedSessions, protocolVersion } from '../../shared/limits.ts';
import { StoreFull } from '../store/transaction.ts';
import type { LinkOptions, Report } from './port.ts';

/** What this server says of itself. */
export const capabilities = ({ agents, workingDir, slots }: Report): Hello['capabilities'] => ({
  agents,
  working_dir: workingDir,
  slots,
  orders: [...orderKinds],
  prepares: true,
});

/** The first frame of a session. All of it describes one moment, the outbox head `at` (protocol §2 `hello`). */
export const hello = (options: LinkOptions, report: Report): Hello => {
  const { outbox, inbox, edge, hostFile, clock } = options;
  const known = edge.known();
  return {
    type: 'hello',
    version: protocolVersion,
    agent_version: options.agentVersion,
    epoch: hostFile.epoch,
    run: outbox.head().run,
    welcomed_run: known.welcomedRun,
    segment: known.segment,
    seq: known.seq,
    acked: outbox.lastAcked(),
    // The sender goes on after its own last acknowledged row with those that are not named.
    runs: outbox.pendingRuns().slice(0, maxRuns),
    commands: inbox.openIds(),
    turns: report.turns,
    sessions: report.sessions.slice(0, maxWelcomedSessions),
    at: outbox.newest(),
    capabilities: capabilities(report),
    clock: clock.now(),
  };
};

/**
 * Remembers what a `welcome` says of the edge. Out: 'renewed' when the edge has begun another log (it was rolled back
 * or lost): every kept row must be offered again, which needs a new `hello` that asks for their runs (protocol §6).
 */
export const rememberWelcome = (welcome: Welcome, options: LinkOptions): 'known' | 'renewed' => {
  const { outbox, edge, log } = options;
  const before = edge.known().log;
  try {
    if (before !== null && before !== welcome.log) {
      outbox.forgetAcks();
      edge.welcomed(welcome.log, welcome);
      return 'renewed';
    }
    edge.welcomed(welcome.log, welcome);
    for (const { run, n } of welcome.runs) outbox.ack(run, n);
  } catch (error) {
    if (!(error instanceof StoreFull)) throw error;
    // Every welcome says all of this again, and interrupts have to work without disk (protocol §3).
    log.warn('link.welcome_not_stored', { error });
  }
  return 'known';
};
