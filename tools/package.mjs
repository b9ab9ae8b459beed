/**
 * The host-agent as one npm package: bundles that hold every library of ours, and as dependencies only what is a
 * program. The edge serves it (worker/routes/install.ts), so that a server gets exactly the version that its edge
 * speaks with.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { bundlePlugin, pluginFile } from './plugin.mjs';

/** Programs of OpenCode that run on Linux with glibc; npm takes those that fit the machine. */
const openCodePrograms = ['opencode-linux-x64', 'opencode-linux-x64-baseline', 'opencode-linux-arm64'];

/** Needs workerd and the sources, which the package does not have. */
const leftOut = /launcher\/(up|dev)\.ts$/;

/** Bundled CommonJS libraries call `require`, which a module has not. */
export const requireForLibraries = `import { createRequire as requireOfPackage } from 'node:module';
const require = requireOfPackage(import.meta.url);`;

/**
 * Packs the host-agent.
 * @param {string} root directory of package.json
 * @param {string} out directory, made if need be, that gets package.tgz and package.json: its version, sha-256 (hex)
 * and bytes
 */
export const packAgent = async (root, out) => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const work = mkdtempSync(join(tmpdir(), 'openagent-package-'));
  try {
    const content = join(work, 'content');
    const bundled = await bundle(root, join(content, 'dist'));
    await bundlePlugin(root, join(content, 'dist', pluginFile));
    writeFileSync(join(content, 'package.json'), JSON.stringify(packageManifest(manifest), null, 2));
    writeFileSync(join(content, 'LICENSES.txt'), licences(root, bundled));
    cpSync(join(root, 'LICENSE'), join(content, 'LICENSE'));
    mkdirSync(out, { recursive: true });
    const code = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work, content], quiet);
    if (code !== 0) throw new Error(`npm pack ended with code ${code}; its messages are above.`);
    const tarball = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? 'no tarball');
    cpSync(tarball, join(out, 'package.tgz'));
    writeFileSync(join(out, 'package.json'), JSON.stringify(facts(manifest.version, readFileSync(tarball))));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const facts = (version, bytes) => ({
  version,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  size: bytes.length,
});

/** npm says the name of the tarball. */
const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };

/** Out: the names of the npm packages that went into it. */
const bundle = async (root, outdir) => {
  const { metafile } = await build({
    entryPoints: { openagent: join(root, 'host-agent', 'main.ts') },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'agent/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['@vscode/ripgrep'],
    plugins: [{ name: 'left out', setup: leaveOut }],
    banner: { js: requireForLibraries },
    metafile: true,
    absWorkingDir: root,
    logLevel: 'warning',
  });
  const entry = join(outdir, 'openagent.js');
  writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`, { mode: 0o755 });
  const inputs = Object.keys(metafile.inputs).flatMap(
    (path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? [],
  );
  return [...new Set(inputs)].sort();
};

const leaveOut = (builder) => {
  builder.onLoad({ filter: leftOut }, ({ path }) => {
    const name = path.match(leftOut)?.[1];
    const text = `This is the package for servers: \\"openagent ${name}\\" needs the whole project (git clone, npm start).`;
    return { contents: `export const ${name} = async () => { throw new Error("${text}"); };` };
  });
};

const packageManifest = ({ version, license, dependencies }) => ({
  name: 'open-agent-host',
  version,
  description: 'Open Agent on a server: the host-agent and OpenCode',
  license,
  type: 'module',
  bin: { openagent: 'dist/openagent.js' },
  files: ['dist', 'LICENSES.txt'],
  engines: { node: '>=22.13' },
  os: ['linux'],
  dependencies: { '@vscode/ripgrep': dependencies['@vscode/ripgrep'] },
  optionalDependencies: Object.fromEntries(openCodePrograms.map((name) => [name, dependencies['opencode-ai']])),
});

/** What the licences of bundled libraries want: their texts. */
const licences = (root, names) =>
  names
    .map((name) => {
      const directory = join(root, 'node_modules', name);
      const file = readdirSync(directory).find((one) => /^licen[cs]e/i.test(one));
      const { version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(directory, file), 'utf8') : ''}`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
