/**
 * dist/: the host-agent as openagent.js and the Worker bundle in worker/, exactly what `wrangler deploy` would upload.
 * Built only when the content of a source has changed; always into a directory of its own that is then renamed, so that
 * a start never sees half of it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { sources } from './sources.mjs';

/** @param {string} root directory of package.json @returns {boolean} */
export const isBuilt = (root) => {
  const stamp = join(root, 'dist', 'build.json');
  return existsSync(stamp) && JSON.parse(readFileSync(stamp, 'utf8')).sources === hashSources(root);
};

/**
 * Builds dist/ anew.
 * @param {string} root directory of package.json
 * @param {string} node Node to run the build tools with
 */
export const build = async (root, node) => {
  console.log('Building …');
  const stamp = hashSources(root);
  const fresh = join(root, '.wrangler', `build-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    const code = await run(node, [join(import.meta.dirname, 'bundle.mjs'), root, fresh], { cwd: root });
    if (code !== 0) throw new Error(`The build ended with code ${code}; its messages are above.`);
    writeFileSync(join(fresh, 'build.json'), JSON.stringify({ sources: stamp }));
    replace(join(root, 'dist'), fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

const replace = (target, fresh) => {
  const old = `${fresh}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
};

const hashSources = (root) => {
  const hash = createHash('sha256');
  for (const path of sources.flatMap((source) => filesBelow(root, source)).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
};

const filesBelow = (root, path) => {
  if (!existsSync(join(root, path))) return [];
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(root, join(path, name)));
};
