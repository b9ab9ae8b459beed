import { onTestFinished } from 'vitest';
import { createLink } from '../../host-agent/link/link.ts';
import type { LinkOptions, Report } from '../../host-agent/link/port.ts';
import { createLog } from '../../host-agent/process/log.ts';
import type { Store } from '../../host-agent/store/store.ts';
import { systemClock } from '../../shared/clock.ts';
import type { EdgePeer } from './edge-peer.ts';
import { newHostId } from './host-store.ts';

/** Everything the link told the rest of the host-agent, in order. */
export type Told = [what: string, detail: unknown];

export interface LogLine {
  event: string;
  [field: string]: unknown;
}

/**
 * A link to `peer` that runs until the test ends, quick to dial again and otherwise as in production. A test that is
 * about time gives a clock that it moves by hand.
 */
export const runningLink = (store: Store, peer: EdgePeer, over: Partial<LinkOptions> = {}) => {
  const told: Told[] = [];
  const logged: LogLine[] = [];
  const report: Report = { turns: [], agents: null, workingDir: '/root', slots: 4, sessions: [] };
  const tell = (what: string) => (detail: unknown) => {
    told.push([what, detail]);
    peer.changed();
  };
  const stopping = new AbortController();
  const { times, ...rest } = over;
  const hostFile = { id: newHostId(), url: peer.url, credential: 'secret', epoch: 3 };
  const link = createLink({
    hostFile,
    agentVersion: '0.1.0',
    outbox: store.outbox,
    inbox: store.inbox,
    edge: store.edge,
    clock: { ...systemClock, now: () => 1 },
    log: createLog({
      level: 'debug',
      write: (line) => {
        logged.push(JSON.parse(line));
        peer.changed();
      },
    }),
    hello: () => report,
    onWelcome: () => tell('welcome')(null),
    onCommands: (commands) => tell('commands')(commands.map(({ id }) => id)),
    onInterrupt: tell('interrupt'),
    onEndedTurns: tell('ended turns'),
    onPrepare: tell('prepare'),
    onCall: async () => null,
    // Each ping also makes EdgePeer.until look again, so that it sees what only this side knows.
    times: { redialMinMs: 2, redialMaxMs: 2, pingMs: 10, ...times },
    ...rest,
  });
  const done = link.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await done;
  };
  onTestFinished(stop);
  const line = (event: string): Promise<LogLine> => peer.until(() => logged.find((each) => each.event === event));
  return { link, hostFile, report, told, logged, line, stop };
};
