/**
 * Whether a start can work where it is told to, found out by trying. Runs in a process of its own (look-first.ts),
 * because a disk that is away holds whoever touches it, and a process that is held hears no signal.
 */

import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { sentenceOf } from './sentences.ts';

export interface Place {
  workingDir: string;
  /** The file of settings, and whether it was named. */
  config: { path: string; named: boolean };
  temporary: string;
}

/**
 * What is looked at now, said before it is: whoever waits may say what does not come back. `slow`: it may wait for a
 * busy disk.
 */
export type Begin = (what: string, slow?: 'slow') => void;

/** The kernel takes 4,095 bytes; below WORKING_DIR there are missions, with whatever files a repository has. */
const longestBytes = 2_000;
/** Less than this is full within minutes: the edge's database, OpenCode's and the logs begin with some 20 MB. */
const neededBytes = 64 * 1024 * 1024;
/** Nobody writes settings of this size; something else was named. */
const configBytes = 1024 * 1024;
/** 2020-01-01: certificates and tokens are refused by a clock before it. */
const sensibleMs = Date.UTC(2020, 0, 1);

/** Throws StartError with the first thing that can't work, the path and what to do. */
export const tryPlace = ({ workingDir, config, temporary }: Place, begin: Begin): void => {
  begin('The clock');
  tryClock(systemClock.now());
  if (Buffer.byteLength(workingDir) > longestBytes) {
    throw new StartError(
      `WORKING_DIR has ${Buffer.byteLength(workingDir)} bytes, and what is made below it would be longer than the kernel takes ` +
        `(4,095). Set one with at most ${longestBytes}.`,
    );
  }
  tryDirectory('WORKING_DIR', workingDir, begin);
  const state = join(workingDir, '.openagent');
  tryDirectory('The state directory', state, begin);
  for (const name of ['logs', 'edge', 'notes', 'opencode']) tryExisting(join(state, name), begin);
  tryExisting(join(workingDir, 'workspaces'), begin);
  tryConfig(config, begin);
  tryRoom(state, begin);
  tryFileSystem(state, begin);
  begin(`The directory of temporary files ${temporary}`);
  attempt('TMPDIR', temporary, () => rmSync(mkdtempSync(join(temporary, 'openagent-try-')), { recursive: true }));
};

/** Throws StartError when `nowMs` can't be the time. */
export const tryClock = (nowMs: number): void => {
  if (nowMs >= sensibleMs) return;
  throw new StartError(
    `This machine's clock says ${new Date(nowMs).toISOString().slice(0, 10)}, with which no certificate and no token is valid. ` +
      'Set it (`date -s`, or a time service such as systemd-timesyncd) and start again.',
  );
};

const attempt = <Result>(name: string, path: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    throw new StartError(sentenceOf(name, path, error), { cause: error });
  }
};

const tryDirectory = (name: string, path: string, begin: Begin): void => {
  begin(`${name} ${path}`);
  makeDirectory(name, path);
  if (name !== 'WORKING_DIR') attempt(name, path, () => chmodSync(path, 0o700));
  attempt(name, path, () => rmSync(mkdtempSync(join(path, '.openagent-try-')), { recursive: true }));
};

/** Level by level: Node's own way never ends where a file system takes no directories, such as /proc. */
const makeDirectory = (name: string, path: string): void => {
  const found = attempt(name, path, () => statSync(path, { throwIfNoEntry: false }));
  if (found) {
    isDirectory(name, path, found);
    return;
  }
  if (attempt(name, path, () => lstatSync(path, { throwIfNoEntry: false }))) {
    throw new StartError(`${name} is ${path}, a symbolic link to nothing. Make what it points to, or remove it.`);
  }
  makeDirectory(name, dirname(path));
  attempt(name, path, () => mkdirSync(path, { mode: 0o700 }));
};

const isDirectory = (name: string, path: string, found: Stats): void => {
  if (found.isDirectory()) return;
  throw new StartError(
    `${name} needs the directory ${path}, which is a file. Move it away, or set another WORKING_DIR.`,
  );
};

/** Of an earlier start; what is not there is made when it is needed. */
const tryExisting = (path: string, begin: Begin): void => {
  begin(path);
  if (attempt('Open Agent', path, () => lstatSync(path, { throwIfNoEntry: false }))) {
    tryDirectory('Open Agent', path, begin);
  }
};

const tryConfig = ({ path, named }: Place['config'], begin: Begin): void => {
  const name = named ? 'OPENAGENT_CONFIG' : 'The configuration file';
  begin(`${name} ${path}`);
  const found = attempt(name, path, () => statSync(path, { throwIfNoEntry: false }));
  if (!found) return; // Whether it must exist is said where it is read.
  if (!found.isFile()) throw new StartError(`${name} is ${path}, which is no file. It has lines of NAME=value.`);
  if (found.size > configBytes) throw new StartError(`${name} is ${path}, which is too large for settings.`);
  attempt(name, path, () => closeSync(openSync(path, 'r')));
};

const tryRoom = (path: string, begin: Begin): void => {
  begin(`The room in ${path}`);
  const { bavail, bsize, files, ffree } = attempt('WORKING_DIR', path, () => statfsSync(path));
  const what = files > 0 && ffree === 0 ? 'no room for more files' : `${Math.floor((bavail * bsize) / 1e6)} MB of room`;
  if (bavail * bsize >= neededBytes && (files === 0 || ffree > 0)) return;
  throw new StartError(
    `There is ${what} for ${path}, and a start needs ${Math.ceil(neededBytes / 1e6)} MB. Free some, or set WORKING_DIR to a larger disk.`,
  );
};

/** What the stores and git need: fsync, rename, symbolic links, locks, and memory shared through a file. */
const tryFileSystem = (state: string, begin: Begin): void => {
  const scratch = attempt('WORKING_DIR', state, () => mkdtempSync(join(state, '.try-')));
  const can = (what: string, work: (path: string) => void, slow?: 'slow'): void => {
    begin(`${what} in ${state}`, slow);
    try {
      work(join(scratch, 'file'));
    } catch (error) {
      throw new StartError(
        sentenceOf('WORKING_DIR', state, error, `this file system can't do what is needed: ${what}`),
        {
          cause: error,
        },
      );
    }
  };
  try {
    can('writing', (path) => writeFileSync(path, 'x'.repeat(4096)));
    can('fsync', (path) => syncFile(path), 'slow');
    can('renaming over a file', (path) => {
      writeFileSync(`${path}.new`, 'y');
      renameSync(`${path}.new`, path);
    });
    can('symbolic links', (path) => symlinkSync('file', `${path}.link`));
    can('locks', (path) => tryLock(`${path}.lock`), 'slow');
    can('memory shared through a file, which SQLite needs', (path) => tryShared(`${path}.wal`), 'slow');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

const syncFile = (path: string): void => {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/** Whether a disk takes what is written through to it was tried before; SQLite would do it fifteen times. */
const notThrough = 'pragma synchronous = off';

const tryLock = (path: string): void => {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec(`${notThrough}; begin exclusive; create table t (a); commit`);
  } finally {
    file.close();
  }
};

const tryShared = (path: string): void => {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec(notThrough);
    const mode = file.prepare('pragma journal_mode = wal').get()?.journal_mode;
    if (mode !== 'wal') throw new Error(`SQLite says ${String(mode)}`);
    file.exec('create table t (a)');
  } finally {
    file.close();
  }
};
