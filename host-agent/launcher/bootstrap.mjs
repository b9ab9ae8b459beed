#!/usr/bin/env node
/**
 * What npm's scripts start: plain JavaScript for any Node from 20 on, with nothing installed. Brings dependencies, a
 * new enough Node, system packages and dist/ up to date, then runs the command: in this process where its Node is new
 * enough, else in our place.
 *
 *   node bootstrap.mjs up | dev | build | test | check | …
 */
import { dirname, join } from 'node:path';
import { isStamped, keepStamp, stampOf } from '../../tools/stamp.mjs';
import { ensureSystemPackages } from './bootstrap/debian.mjs';
import { install, isInstalled } from './bootstrap/dependencies.mjs';
import { help } from './bootstrap/help.mjs';
import { nodeFor } from './bootstrap/node.mjs';
import { isOnPath, replaceWith, run, runHere } from './bootstrap/run.mjs';

const root = dirname(dirname(import.meta.dirname));
const [command = 'help', ...rest] = process.argv.slice(2);

/** Not to be given by a person: this process was started by another bootstrap, under the lock. */
const prepareCommand = 'prepare-locked';

/** Lint and types must work on sources that don't build; the tests build by themselves and count a failure. */
const scripts = {
  test: 'test.mjs',
  'test-busy': 'test-busy.mjs',
  soak: 'soak.mjs',
  check: 'check.mjs',
  pack: 'pack.mjs',
  'test-install': 'test-install.mjs',
  model: '../test/support/serve-model.ts',
  bench: '../test/bench/run.ts',
  chaos: '../test/chaos/run.ts',
  fuzz: '../test/fuzz/run.ts',
  story: '../test/e2e/story/run.ts',
};

/** Commands that start nothing here: what is missing is no matter to them, or theirs to say. */
const asking = new Set([
  ...['doctor', 'enroll', 'hosts', 'status', 'stop', 'logs'],
  // Of a person who uses an edge, wherever it is: host-agent/program/mission-commands.ts.
  ...['login', 'logout', 'run', 'missions', 'show', 'cancel', 'answer', 'delete', 'trash', 'restore', 'quotas'],
]);

/** Commands for which programs that only tests use are installed. */
const testing = new Set(['test', 'test-busy', 'soak']);

/** What compares contents and builds is loaded only where something was touched. */
const building = () => import('../../tools/build.mjs');

/** Reads all that a start is made of only where its stamp says that something was touched. */
const isPrepared = async (forCommand) => {
  if (forCommand in scripts) return isInstalled(root);
  const stamp = stampOf(root);
  if (isStamped(root, stamp)) return true;
  const { isBuilt } = await building();
  if (!isInstalled(root) || !isBuilt(root)) return false;
  keepStamp(root, stamp);
  return true;
};

const prepare = async (forCommand) => {
  if (!isInstalled(root)) await install(root);
  if (!(await isPrepared(forCommand))) await (await building()).build(root, nodeFor(root));
  return 0;
};

/**
 * Two starts at once must not install or build into each other: the second waits for a kernel lock on our directory.
 */
const prepareLocked = async () => {
  if (await isPrepared(command)) return 0;
  if (!isOnPath('flock')) return prepare(command);
  // Without a process of its own flock can't end and leave what it runs behind.
  return run('flock', ['--no-fork', root, process.execPath, import.meta.filename, prepareCommand, command]);
};

const main = async () => {
  if (command in help && rest.some((argument) => argument === '--help' || argument === '-h')) {
    console.log(help[command]);
    return 0;
  }
  if (command === prepareCommand) return prepare(rest[0]);
  if (!asking.has(command)) await ensureSystemPackages({ forTests: testing.has(command) });
  const prepared = await prepareLocked();
  if (prepared !== 0 || command === 'build') return prepared;
  const node = nodeFor(root);
  // Whatever runs below finds this Node, and the tools that npm installed, first.
  const PATH = `${dirname(node)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`;
  const [program, args] =
    command in scripts
      ? [join(root, 'tools', scripts[command]), rest]
      : [join(root, 'dist', 'openagent.js'), [command, ...rest]];
  if (command in scripts || node !== process.execPath) {
    return replaceWith(node, ['--disable-warning=ExperimentalWarning', program, ...args], { ...process.env, PATH });
  }
  process.env.PATH = PATH;
  await runHere(program, args);
};

process.exitCode = await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
