import { dirname, join } from 'node:path';
import { type BuildOptions, build, context } from 'esbuild';
import { pluginBeside } from '../plugin-file.ts';

/**
 * Builds the host-agent from its sources to `script`, and OpenCode's plug-in beside it. Rejects with esbuild's messages
 * when that fails.
 */
export const buildAgent = async (root: string, script: string): Promise<void> => {
  await Promise.all([build(agentBuild(root, script)), build(pluginBuild(root, pluginBeside(script)))]);
};

export interface Watch {
  root: string;
  script: string;
  onBuilt(): void;
  stop: AbortSignal;
}

/** Builds again on each change of a source until `stop` aborts, calling `onBuilt` when that succeeded. */
export const watchAgent = async ({ root, script, onBuilt, stop }: Watch): Promise<void> => {
  let first = true; // The watch begins with a build of what runs already.
  const watched = await context({
    ...agentBuild(root, script),
    plugins: [
      {
        name: 'restart',
        setup: ({ onEnd }) => {
          onEnd((result) => {
            if (!first && result.errors.length === 0) onBuilt();
            first = false;
          });
        },
      },
    ],
  });
  await watched.watch();
  stop.addEventListener('abort', () => void watched.dispose(), { once: true });
};

/** As tools/bundle.mjs builds it for dist/, but for the libraries: bundling them would be done at each change. */
const agentBuild = (root: string, script: string): BuildOptions => ({
  entryPoints: { openagent: join(root, 'host-agent', 'main.ts') },
  outdir: dirname(script),
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});

/** As tools/plugin.mjs builds it; OpenCode sees a change of it at its next start. */
const pluginBuild = (root: string, outfile: string): BuildOptions => ({
  entryPoints: [join(root, 'host-agent', 'opencode', 'plugin', 'hands-plugin.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});
