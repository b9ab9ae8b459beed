import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** node:sqlite without a flag, which the host-agent's store is built on. */
const needed = [22, 13];

/** @returns {boolean} whether this very process is new enough to run Open Agent */
export const isNewEnough = (version = process.versions.node) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
};

/**
 * The Node to run with: this one, else the one that npm installed as a dependency.
 * @param {string} root directory of package.json
 */
export const nodeFor = (root) => {
  if (isNewEnough()) return process.execPath;
  const installed = join(root, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(installed)) return installed;
  throw new Error(
    `Open Agent needs Node ${needed.join('.')} or newer; this is ${process.versions.node}, and the npm package "node" ` +
      'brought no other. Install a newer Node, or allow the install scripts of npm packages and run `npm ci`.',
  );
};
