import { systemClock } from '../../../shared/clock.ts';
import { wardenConfig } from '../../warden/config.ts';
import { runWarden } from '../../warden/warden.ts';

/**
 * `openagent warden-child <config>`: the warden, as the launcher starts it. It ends on SIGUSR2, as the host-agent does,
 * since every other signal may be sent to everybody at once.
 */
export const wardenChild = async (config: string | undefined): Promise<void> => {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => stopping.abort());
  await runWarden(wardenConfig.parse(JSON.parse(config ?? '{}')), systemClock, stopping.signal);
};
