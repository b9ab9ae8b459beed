import { join } from 'node:path';
import { readSettings } from '../config/settings.ts';
import { workerdProcess } from './edge/edge.ts';
import { writeEdgeFiles } from './edge/files.ts';
import { packageRoot } from './package-root.ts';
import { runSystem } from './system.ts';

/** `openagent up`: the built Worker under workerd, the built host-agent, OpenCode. Resolves once it was stopped. */
export const up = (environment: NodeJS.ProcessEnv): Promise<void> =>
  runSystem(readSettings(environment), {
    isEdgeQuick: true,
    agentScript: process.argv[1] ?? '',
    edgeProcess: async (start) =>
      workerdProcess(await writeEdgeFiles(join(packageRoot(), 'dist', 'worker'), start), start),
  });
