import { join } from 'node:path';
import { readSettings, type Settings } from '../config/settings.ts';
import { stateFiles } from '../config/state-files.ts';
import { buildAgent, watchAgent } from './children/watch-agent.ts';
import { wranglerDevProcess, writeDevEdgeFiles } from './edge/dev.ts';
import { packageRoot } from './package-root.ts';
import { prepareStartWithEdge } from './state/start.ts';
import { runSystem } from './system.ts';

/**
 * `openagent dev`: the Worker under `wrangler dev`, which rebuilds by itself, and the host-agent built and restarted on
 * each change. All state is apart from that of `up`: the log of one edge means nothing to another.
 */
export const dev = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  const settings = readSettings(environment);
  const root = packageRoot();
  // Inside the package, where the bundle finds node_modules.
  const agentScript = join(root, '.wrangler', 'agent', 'openagent.js');
  await buildAgent(root, agentScript);
  await runSystem({
    prepare: () => prepareStartWithEdge(apart(settings)),
    isEdgeQuick: false,
    agentScript,
    edgeProcess: async (start) => wranglerDevProcess(root, await writeDevEdgeFiles(root, start), start),
    onHostAgent: (hostAgent, stop) => watchAgent({ root, script: agentScript, onBuilt: hostAgent.restart, stop }),
  });
};

const apart = (settings: Settings): Settings => ({ ...settings, files: stateFiles(join(settings.files.dir, 'dev')) });
