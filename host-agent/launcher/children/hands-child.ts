import { systemClock } from '../../../shared/clock.ts';
import { handsConfig, runHands } from '../../hands/hands.ts';

/**
 * `openagent hands-child <config>`: the hands, as the launcher starts them. They end cleanly on SIGUSR2, as the
 * host-agent does, since every other signal may be sent to everybody at once.
 */
export const handsChild = async (config: string | undefined): Promise<void> => {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => stopping.abort());
  await runHands(handsConfig.parse(JSON.parse(config ?? '{}')), systemClock, stopping.signal);
};
