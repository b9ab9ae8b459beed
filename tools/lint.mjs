import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { run } from '../host-agent/launcher/bootstrap/run.mjs';
import { root } from './root.mjs';

/** Runs a tool that npm installed. @param {string} name @param {string[]} args */
export const tool = (name, args, options = {}) =>
  run(join(root, 'node_modules', '.bin', name), args, { cwd: root, ...options });

/**
 * Runs checks one after the other, all of them even when one fails.
 * @param {Record<string, () => Promise<boolean>>} checks by the name that is shown
 * @returns {Promise<string[]>} the names of those that failed
 */
export const failuresOf = async (checks) => {
  const failed = [];
  for (const [name, check] of Object.entries(checks)) {
    const passed = await check().catch((error) => {
      console.error(`${name}: ${error.message}`);
      return false;
    });
    if (!passed) failed.push(name);
  }
  return failed;
};

/** Lint, types and migrations. */
export const lint = {
  biome: async () => (await tool('biome', ['check', '--error-on-warnings', '.'])) === 0,
  'tsc (host-agent, shared, tests)': () => typesAreRight('tsconfig.json'),
  'tsc (worker)': () => typesAreRight('worker/tsconfig.json'),
  'tsc (edge tests)': () => typesAreRight('test/edge/tsconfig.json'),
  'tsc (bench)': () => typesAreRight('test/bench/worker/tsconfig.json'),
  'migrations/ matches worker/directory/schema.ts': () => migrationsMatch(),
};

const typesAreRight = async (project) => (await tool('tsc', ['--noEmit', '-p', project])) === 0;

/** Generates migrations into a copy: a new file means that the schema was changed without one. */
const migrationsMatch = async () => {
  const copy = mkdtempSync(join(tmpdir(), 'openagent-migrations-'));
  try {
    cpSync(join(root, 'migrations'), copy, { recursive: true });
    const before = sqlFiles(copy);
    // drizzle-kit puts ./ before the path, and exits with 0 whatever happens: what it says is the result.
    const args = ['generate', '--dialect', 'sqlite', '--schema', schema, '--out', relative(root, copy)];
    const { stdout, stderr } = await promisify(execFile)(join(root, 'node_modules', '.bin', 'drizzle-kit'), args, {
      cwd: root,
    });
    if (stdout.includes('No schema changes')) return true;
    const added = sqlFiles(copy).filter((file) => !before.includes(file));
    const missing = added.map((file) => readFileSync(join(copy, file), 'utf8')).join('\n');
    console.error(`${schema} has changes without a migration. Run: npm run db:generate\n${missing || stdout + stderr}`);
    return false;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
};

const schema = 'worker/directory/schema.ts';

const sqlFiles = (directory) => readdirSync(directory).filter((name) => name.endsWith('.sql'));
