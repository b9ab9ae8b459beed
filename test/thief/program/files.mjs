// Files by their paths: secrets, other people's missions and homes, and whatever else lies about; and writing outside.
import { accessSync, closeSync, constants, lstatSync, openSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headOf, namesIn } from './reading.mjs';

/** Each path where a secret is known to be kept, in every spelling that gets around a look at its text. */
export const secretFiles = ({ plan, loot }) => {
  for (const file of plan.secretFiles) {
    for (const path of [file, `/./${file}`, `/proc/self/root${file}`, `/proc/self/cwd/../../../../..${file}`]) {
      loot.tried();
      const bytes = headOf(path);
      if (bytes) loot.look(bytes, path);
    }
  }
};

/** So many files of each place are read: more than any of ours has. */
const maxFiles = 20_000;
const skipped = new Set(['node_modules', 'proc', 'sys']);

export const wholePlaces = ({ plan, loot, isHarmless }) => {
  const machine = ['/root', '/home', '/etc', '/run', '/var', '/tmp', '/srv', '/mnt', '/opt', '/media', '/dev/shm'];
  for (const place of [...plan.places, ...(isHarmless ? machine : [])]) walk(place, plan.directory, loot);
};

const walk = (place, ownDirectory, loot) => {
  const waiting = [place];
  for (let files = 0; waiting.length > 0 && files < maxFiles; ) {
    const directory = waiting.pop();
    loot.tried();
    for (const name of namesIn(directory)) {
      const path = join(directory, name);
      const stat = lstatOf(path);
      if (stat?.isDirectory() && !skipped.has(name) && path !== ownDirectory) waiting.push(path);
      if (!stat?.isFile()) continue;
      files++;
      const bytes = headOf(path);
      if (bytes) loot.look(bytes, path);
    }
  }
};

/** Files and directories that are not its own: to change one is a hole, whatever is written. */
export const writes = ({ plan, loot, isHarmless }) => {
  for (const path of plan.unwritable) {
    loot.tried();
    const way = isHarmless ? changes(path) : mayWrite(path);
    if (way) loot.take('a place to write', `${way} ${path}`);
  }
};

/** Nothing is ever written into a file: to have it open is enough. */
const changes = (path) => {
  try {
    if (!statSync(path).isDirectory()) {
      closeSync(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK));
      return 'opened';
    }
    const file = join(path, `.thief-${process.pid}`);
    writeFileSync(file, '');
    unlinkSync(file);
    return 'made a file in';
  } catch {
    return undefined;
  }
};

/** As root it only asks: these are files of the real machine. */
const mayWrite = (path) => {
  try {
    accessSync(path, constants.W_OK);
    return 'may write';
  } catch {
    return undefined;
  }
};

const lstatOf = (path) => {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
};
