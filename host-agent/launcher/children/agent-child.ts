import { type AgentTimes, runAgent } from '../../agent.ts';
import { agentConfig } from './host-agent.ts';

/**
 * `openagent agent-child <config>`: the host-agent, as the launcher starts it. Ends cleanly on SIGUSR2, by which the
 * launcher stops it: the others reach every process of a session or a unit at once, and what is stopped first is the
 * launcher's to say.
 */
export const agentChild = async (config: string | undefined, times?: AgentTimes): Promise<void> => {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('SIGUSR2', () => stopping.abort());
  // As root: OpenCode, another user, sees what is made for it of missions. What is secret has modes of its own.
  if (process.getuid?.() === 0) process.umask(0o022);
  const parsed = agentConfig.parse(JSON.parse(config ?? '{}'));
  while ((await runAgent(parsed, stopping.signal, times)) === 'enrolled anew');
};
