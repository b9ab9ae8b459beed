// The two programs built from sources with a bug planted in them; the sources themselves stay as they are.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';
import { type Build, copiedBuild } from '../faults/copied-build.ts';
import { checkPlaces, type Planted, withBugs } from './plant.ts';

/** Both programs as they are shipped, except for `bugs`. Throws where a text is not there exactly once. */
export const plantedBuild = async (bugs: readonly Planted[]): Promise<Build> => {
  const root = packageRoot();
  checkPlaces(root, bugs);
  const copy = await copiedBuild();
  const plugins = [plant(root, bugs)];
  const common = { bundle: true, format: 'esm', plugins, logLevel: 'warning' } as const;
  if (bugs.some(({ file }) => /^(worker|shared)\//.test(file)))
    await bundle({
      ...common,
      entryPoints: [join(root, 'worker', 'index.ts')],
      outfile: join(copy.workerDir, 'index.js'),
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*'],
      loader: { '.sql': 'text', '.txt': 'text', '.sh': 'text' },
      target: 'es2024',
    });
  if (bugs.some(({ file }) => /^(host-agent|shared)\//.test(file)))
    await bundle({
      ...common,
      entryPoints: { openagent: join(root, 'host-agent', 'main.ts') },
      outdir: dirname(copy.agentScript),
      splitting: true,
      chunkNames: 'agent/[name]-[hash]',
      platform: 'node',
      target: 'node22',
      packages: 'external',
    });
  return copy;
};

const plant = (root: string, bugs: readonly Planted[]): Plugin => ({
  name: 'plant',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = withBugs(root, bugs, path, readFileSync(path, 'utf8'));
      return contents === null ? null : { contents, loader: 'ts' };
    });
  },
});
