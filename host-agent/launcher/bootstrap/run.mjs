import { spawn } from 'node:child_process';
import { accessSync, constants as fileModes } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ignoresHangup } from './hangup.mjs';

/** The command line under which the kernel ends a program when we die, however we die. */
const tied = (command, args) =>
  isOnPath('setpriv') ? ['setpriv', ['--pdeathsig', 'TERM', '--', command, ...args]] : [command, args];

/**
 * Runs a program to its end with our terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it, 127 when it can't be started
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(...tied(command, args), { stdio: 'inherit', ...options });
    child.once('error', (error) => {
      console.error(`${command} can't be started: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code, signal) => resolve(exitCode(code, signal)));
  });

/** How often the parent is looked at, when npm is the parent. */
const parentCheckMs = 500;

/**
 * When npm started us and is killed, nobody is left to stop us, so that counts as a SIGTERM; unless nothing is to end
 * with the terminal, which npm, a Node program, does even under nohup.
 * @param {() => void} stop called again and again once npm is gone
 * @returns {() => void} ends the watch
 */
const whenNpmIsGone = (stop) => {
  if (!process.env.npm_lifecycle_event || ignoresHangup()) return () => undefined;
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && stop(), parentCheckMs).unref();
  return () => clearInterval(watch);
};

/**
 * Runs a program of ours in this very process, which spares it the start of another Node, and us a process for as long
 * as it runs. It ends the process by itself.
 * @param {string} program path of an ES module
 * @param {string[]} args
 * @returns {Promise<void>} rejects when the module can't be loaded
 */
export const runHere = async (program, args) => {
  process.argv = [process.execPath, program, ...args];
  // As `--disable-warning=ExperimentalWarning` does, which is of no use to a Node that runs already.
  const [print] = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => warning.name !== 'ExperimentalWarning' && print?.(warning));
  whenNpmIsGone(() => process.kill(process.pid, 'SIGTERM'));
  await import(pathToFileURL(program).href);
};

/**
 * Runs a program in our place: signals go to it, and it ends when we do.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} its exit code
 */
export const replaceWith = (command, args, env = process.env) =>
  new Promise((resolve) => {
    const child = spawn(...tied(command, args), { stdio: 'inherit', env });
    const survives = ignoresHangup();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => (signal === 'SIGHUP' && survives) || child.kill(signal));
    }
    const endWatch = whenNpmIsGone(() => child.kill('SIGTERM'));
    child.once('error', (error) => {
      console.error(`${command} can't be started: ${error.message}`);
      endWatch();
      resolve(127);
    });
    child.once('exit', (code, signal) => {
      endWatch();
      resolve(exitCode(code, signal));
    });
  });

/** @param {string} program @returns {boolean} */
export const isOnPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), fileModes.X_OK);
      return true;
    } catch {
      return false; // Not in this directory.
    }
  });

const exitCode = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0);
