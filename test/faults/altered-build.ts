// The built programs with a few values or lines of them changed: shorter waits, or a bug planted on purpose.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../host-agent/launcher/package-root.ts';

/** Text that occurs exactly once in a program, and what stands there instead. */
export interface Change {
  program: 'host-agent' | 'worker';
  from: string;
  to: string;
}

export interface Build {
  /** Script with the `agent-child` command. */
  agentScript: string;
  /** Directory of the Worker bundle. */
  workerDir: string;
  remove(): void;
}

/**
 * Brings dist/ up to date and copies it with `changes` made. Throws where a text is not there exactly once: a change
 * that changes nothing would let a test pass that proves nothing.
 */
export const alteredBuild = async (changes: readonly Change[]): Promise<Build> => {
  const root = packageRoot();
  await promisify(execFile)(process.execPath, [join(root, 'host-agent', 'launcher', 'bootstrap.mjs'), 'build']);
  // Inside the package, where the bundle finds node_modules.
  const copy = join(root, '.wrangler', `faults-${randomUUID()}`);
  cpSync(join(root, 'dist'), copy, { recursive: true });
  const scripts = {
    'host-agent': readdirSync(join(copy, 'agent'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => join(copy, 'agent', name)),
    worker: [join(copy, 'worker', 'index.js')],
  };
  for (const change of changes) alter(scripts[change.program], change);
  return {
    agentScript: join(copy, 'openagent.js'),
    workerDir: join(copy, 'worker'),
    remove: () => rmSync(copy, { recursive: true, force: true }),
  };
};

const alter = (paths: readonly string[], { program, from, to }: Change): void => {
  const found = paths.flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return Array.from({ length: text.split(from).length - 1 }, () => ({ path, text }));
  });
  const [only, ...more] = found;
  if (!only || more.length > 0)
    throw new Error(`"${from}" occurs ${found.length} times in the built ${program}, not once`);
  writeFileSync(
    only.path,
    only.text.replace(from, () => to),
  );
};
