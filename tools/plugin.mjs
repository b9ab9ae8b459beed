/** The plug-in that OpenCode loads, as one file: OpenCode's own npm is kept from running (opencode §3). */
import { join } from 'node:path';
import { build } from 'esbuild';

/** Its name beside openagent.js. */
export const pluginFile = 'opencode-plugin.js';

/**
 * Bundles it; OpenCode runs it under Bun.
 * @param {string} root directory of package.json
 * @param {string} outfile
 */
export const bundlePlugin = (root, outfile) =>
  build({
    entryPoints: [join(root, 'host-agent', 'opencode', 'plugin', 'hands-plugin.ts')],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
