import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

/**
 * Whether node_modules holds what package-lock.json asks for. npm keeps its own record of what it installed; packages
 * for other platforms are optional and missing from it.
 * @param {string} root directory of package.json
 */
export const isInstalled = (root) => {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(record);
  return Object.entries(wanted).every(([path, one]) => {
    if (path === '' || one.link) return true;
    const found = installed[path];
    return found ? found.version === one.version && found.integrity === one.integrity : isOptional(one);
  });
};

/**
 * Installs what package-lock.json says and checks that it did. Not by `npm ci`: that refuses a lock file made with a
 * registry that lacks the optional packages of other platforms, which are of no use here.
 * @param {string} root directory of package.json
 */
export const install = async (root) => {
  console.log('Installing dependencies, which takes about a minute the first time …');
  const code = await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
  if (code !== 0) {
    throw new Error(`npm install ended with code ${code}, and nothing runs without it. Its messages are above.`);
  }
  if (!isInstalled(root)) {
    throw new Error('npm did not install what package-lock.json says. Remove node_modules and start again.');
  }
};

const isOptional = (one) => Boolean(one.optional || one.devOptional || one.peer);

/**
 * @returns {Record<string, {version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?:
 * boolean, link?: boolean}>}
 */
const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
