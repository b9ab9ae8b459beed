// The built programs in a directory of their own, so that a test can add to them or put others in their place.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build as bundle } from 'esbuild';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';

export interface Build {
  /** Script with the `agent-child` command. */
  agentScript: string;
  /** The whole program as it is shipped, with OpenCode's plug-in beside it. */
  program: string;
  /** Directory of the Worker bundle. */
  workerDir: string;
  remove(): void;
}

/** Brings dist/ up to date and copies it. */
export const copiedBuild = async (): Promise<Build> => {
  const root = packageRoot();
  await promisify(execFile)(process.execPath, [join(root, 'host-agent', 'launcher', 'bootstrap.mjs'), 'build']);
  // Inside the package, where the bundle finds node_modules.
  const copy = join(root, '.wrangler', `faults-${randomUUID()}`);
  cpSync(join(root, 'dist'), copy, { recursive: true });
  return {
    agentScript: join(copy, 'openagent.js'),
    program: join(copy, 'openagent.js'),
    workerDir: join(copy, 'worker'),
    remove: () => rmSync(copy, { recursive: true, force: true }),
  };
};

/** The same with the host-agent that waits less (quick-agent.ts). */
export const quickBuild = (): Promise<Build> => buildWith(join(import.meta.dirname, 'quick-agent.ts'));

/** The same with this entry of the host-agent, which is started like the shipped one. */
export const buildWith = async (entryPoint: string): Promise<Build> => {
  const copy = await copiedBuild();
  const agentScript = join(copy.workerDir, '..', 'agent-of-tests.js');
  await bundle({
    entryPoints: [entryPoint],
    outfile: agentScript,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
  });
  return { ...copy, agentScript };
};
