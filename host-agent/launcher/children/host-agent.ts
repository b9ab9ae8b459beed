import * as z from 'zod';
import type { Settings } from '../../config/settings.ts';
import { nodeCommand, smallYoungHeap } from '../../process/node-command.ts';
import type { Start } from '../state/start.ts';
import { spawnTied } from './children.ts';
import type { Role } from './supervise.ts';

/**
 * What the launcher tells the host-agent, as its one argument: nothing in it is secret, host.json holds the credential.
 */
export const agentConfig = z.object({
  stateDir: z.string(),
  workingDir: z.string(),
  defaultModel: z.string().optional(),
  openCodeAgent: z.string().optional(),
  permissive: z.boolean(),
  stopAfterRepeats: z.number().int().nonnegative(),
  slots: z.number().int().positive(),
  hands: z.boolean(),
});
export type AgentConfig = z.infer<typeof agentConfig>;

/** Time for the host-agent to close its link and its store. */
const graceMs = 3_000;

/**
 * The host-agent as a supervised child. It dials the edge and re-reads OpenCode's address by itself, so it is up at
 * once.
 */
export const hostAgentRole = (start: Start, script: string): Role => ({
  name: 'host-agent',
  start: async () => {
    const { settings, means } = start;
    const config: AgentConfig = {
      stateDir: settings.files.dir,
      workingDir: settings.workingDir,
      defaultModel: settings.defaultModel,
      openCodeAgent: settings.openCodeAgent,
      permissive: settings.permissive,
      stopAfterRepeats: settings.stopAfterRepeats,
      slots: settings.maxParallelMissions,
      hands: settings.openCodeBaseUrl === undefined,
    };
    const [command, ...args] = nodeCommand(smallYoungHeap);
    const child = await spawnTied({
      command,
      args: [...args, script, 'agent-child', JSON.stringify(config)],
      env: plainEnvironment(settings),
      logFile: start.logFileOf('host-agent'),
      means: { ...means, pidNamespace: false },
      stopSignal: 'SIGUSR2',
      graceMs,
      clock: start.clock,
    });
    await start.lock.record('host-agent', child.pid);
    return child;
  },
});

/** The part of the environment that git and Node need, and that holds no key of a provider. */
const plainEnvironment = ({ environment }: Settings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter(([name]) => /^(HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR)$/.test(name)),
  );
