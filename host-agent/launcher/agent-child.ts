import { runAgent } from '../agent.ts';
import { agentConfig } from './host-agent.ts';

/** `openagent agent-child <config>`: the host-agent, as the launcher starts it. Ends cleanly on SIGTERM. */
export const agentChild = async (config: string | undefined): Promise<void> => {
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());
  const parsed = agentConfig.parse(JSON.parse(config ?? '{}'));
  while ((await runAgent(parsed, stopping.signal)) === 'enrolled anew');
};
