/**
 * Run by build.mjs under the new Node: `bundle.mjs <root> <out>` fills `out` with openagent.js, opencode-plugin.js and
 * worker/.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { packAgent, requireForLibraries } from './package.mjs';
import { bundlePlugin, pluginFile } from './plugin.mjs';

const [root, out] = process.argv.slice(2);

/** What the edge serves as files: the paths below are those of the web. */
const assets = join(out, 'worker', 'assets');

/**
 * Packages that are programs, or that read files of their own: they are found in node_modules. All other libraries are
 * bundled, because Node reads one file in a third of the time that it takes for a hundred small ones.
 */
const programs = ['@vscode/ripgrep', 'esbuild', 'node', 'opencode-ai', 'workerd', 'wrangler'];

/** How the host-agent's modules are bundled. */
const asModules = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  sourcemap: true,
  logLevel: 'warning',
};

const bundleAgent = async () => {
  const { metafile } = await build({
    ...asModules,
    entryPoints: { openagent: join(root, 'host-agent', 'main.ts') },
    outdir: out,
    // Chunks keep `agent-child` from loading the launcher, and the other way round.
    splitting: true,
    chunkNames: 'agent/[name]-[hash]',
    external: programs,
    banner: { js: requireForLibraries },
    metafile: true,
  });
  const files = Object.entries(metafile.outputs).flatMap(([file, { entryPoint }]) =>
    /host-agent\/(main|program\/start)\.ts$/.test(entryPoint ?? '') ? [file] : [],
  );
  for (const file of files) await joinChunks(file);
};

/**
 * Makes one file of a chunk and all that it imports at once, which another may then have a second time. For what runs
 * before the edge of a start: of 25 small files each takes a third of a millisecond.
 */
const joinChunks = (file) =>
  build({ ...asModules, entryPoints: [file], outfile: file, allowOverwrite: true, plugins: [laterApart] });

/** What is imported when it is needed stays a file of its own. */
const laterApart = {
  name: 'later-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === 'dynamic-import' || programs.includes(path) ? { path, external: true } : undefined,
    ),
};

/** `--dry-run` bundles as `deploy` does and needs no network and no account. */
const bundleWorker = async () => {
  const logs = mkdtempSync(join(tmpdir(), 'openagent-build-'));
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  const to = ['--outdir', join(out, 'worker'), '--assets', assets];
  const args = ['deploy', '--dry-run', ...to, '--config', join(root, 'wrangler.toml')];
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: logs, WRANGLER_LOG: 'warn' };
  const code = await run(process.execPath, [wrangler, ...args], { cwd: root, env });
  rmSync(logs, { recursive: true, force: true });
  if (code !== 0) throw new Error(`wrangler ended with code ${code}`);
};

/** The facts of wrangler.toml that plain workerd accepts; it refuses every other key (edge §4.2). */
const writeEdgeFacts = async () => {
  const { unstable_readConfig: readConfig } = await import('wrangler');
  const config = readConfig({ config: join(root, 'wrangler.toml') }, { hideWarnings: true });
  const facts = {
    name: config.name,
    main: 'index.js',
    compatibility_date: config.compatibility_date,
    compatibility_flags: config.compatibility_flags,
    durable_objects: config.durable_objects,
    migrations: config.migrations,
    d1_databases: config.d1_databases.map(({ binding, database_name: name }) => ({
      binding,
      database_name: name,
      database_id: name,
    })),
    assets: { directory: 'assets' },
  };
  writeFileSync(join(out, 'worker', 'edge.json'), JSON.stringify(facts, null, 2));
};

mkdirSync(assets, { recursive: true });
await Promise.all([
  bundleAgent(),
  bundlePlugin(root, join(out, pluginFile)),
  bundleWorker(),
  packAgent(root, join(assets, 'api', 'agent')),
]);
await writeEdgeFacts();
