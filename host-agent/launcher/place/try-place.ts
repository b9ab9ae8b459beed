/**
 * Whether a start can work where it is told to, found out by trying. A disk that is away holds whoever touches it: what
 * may be the first to touch one waits in a thread of its own, so that this process stays awake (look-first.ts).
 */
import type { Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, rename, rm, rmdir, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { closeDirectory } from '../../process/private-file.ts';
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
export const tryPlace = async ({ workingDir, config, temporary }: Place, begin: Begin): Promise<void> => {
  begin('The clock');
  tryClock(systemClock.now());
  if (Buffer.byteLength(workingDir) > longestBytes) {
    throw new StartError(
      `WORKING_DIR has ${Buffer.byteLength(workingDir)} bytes, and what is made below it would be longer than the kernel takes ` +
        `(4,095). Set one with at most ${longestBytes}.`,
    );
  }
  await tryDirectory('WORKING_DIR', workingDir, begin);
  const state = join(workingDir, '.openagent');
  await tryDirectory('The state directory', state, begin);
  for (const name of ['logs', 'edge', 'notes', 'opencode']) await tryExisting(join(state, name), begin);
  await tryExisting(join(workingDir, 'workspaces'), begin);
  await tryConfig(config, begin);
  await tryRoom(state, begin);
  await tryFileSystem(state, begin);
  begin(`The directory of temporary files ${temporary}`);
  await attempt('TMPDIR', temporary, () => tryWriting(join(temporary, 'openagent-try-')));
};

/** Throws StartError when `nowMs` can't be the time. */
export const tryClock = (nowMs: number): void => {
  if (nowMs >= sensibleMs) return;
  throw new StartError(
    `This machine's clock says ${new Date(nowMs).toISOString().slice(0, 10)}, with which no certificate and no token is valid. ` +
      'Set it (`date -s`, or a time service such as systemd-timesyncd) and start again.',
  );
};

const attempt = async <Result>(name: string, path: string, work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw new StartError(sentenceOf(name, path, error), { cause: error });
  }
};

const tryWriting = async (prefix: string): Promise<void> => rmdir(await mkdtemp(prefix));

/** Undefined where there is nothing; `look` follows a symbolic link, or does not. */
const lookAt = async (path: string, look: (path: string) => Promise<Stats>): Promise<Stats | undefined> => {
  try {
    return await look(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const tryDirectory = async (name: string, path: string, begin: Begin): Promise<void> => {
  begin(`${name} ${path}`);
  await makeDirectory(name, path);
  if (name !== 'WORKING_DIR') await attempt(name, path, () => closeDirectory(path));
  await attempt(name, path, () => tryWriting(join(path, '.openagent-try-')));
};

/** Level by level: Node's own way never ends where a file system takes no directories, such as /proc. */
const makeDirectory = async (name: string, path: string): Promise<void> => {
  const found = await attempt(name, path, () => lookAt(path, stat));
  if (found) {
    isDirectory(name, path, found);
    return;
  }
  if (await attempt(name, path, () => lookAt(path, lstat))) {
    throw new StartError(`${name} is ${path}, a symbolic link to nothing. Make what it points to, or remove it.`);
  }
  await makeDirectory(name, dirname(path));
  await attempt(name, path, () => mkdir(path, { mode: 0o700 }));
};

const isDirectory = (name: string, path: string, found: Stats): void => {
  if (found.isDirectory()) return;
  throw new StartError(
    `${name} needs the directory ${path}, which is a file. Move it away, or set another WORKING_DIR.`,
  );
};

/** Of an earlier start; what is not there is made when it is needed. */
const tryExisting = async (path: string, begin: Begin): Promise<void> => {
  begin(path);
  if (await attempt('Open Agent', path, () => lookAt(path, lstat))) await tryDirectory('Open Agent', path, begin);
};

const tryConfig = async ({ path, named }: Place['config'], begin: Begin): Promise<void> => {
  const name = named ? 'OPENAGENT_CONFIG' : 'The configuration file';
  begin(`${name} ${path}`);
  const found = await attempt(name, path, () => lookAt(path, stat));
  if (!found) return; // Whether it must exist is said where it is read.
  if (!found.isFile()) throw new StartError(`${name} is ${path}, which is no file. It has lines of NAME=value.`);
  if (found.size > configBytes) throw new StartError(`${name} is ${path}, which is too large for settings.`);
  await attempt(name, path, async () => (await open(path, 'r')).close());
};

const tryRoom = async (path: string, begin: Begin): Promise<void> => {
  begin(`The room in ${path}`);
  const { bavail, bsize, files, ffree } = await attempt('WORKING_DIR', path, () => statfs(path));
  const what = files > 0 && ffree === 0 ? 'no room for more files' : `${Math.floor((bavail * bsize) / 1e6)} MB of room`;
  if (bavail * bsize >= neededBytes && (files === 0 || ffree > 0)) return;
  throw new StartError(
    `There is ${what} for ${path}, and a start needs ${Math.ceil(neededBytes / 1e6)} MB. Free some, or set WORKING_DIR to a larger disk.`,
  );
};

/** What the stores and git need: fsync, rename, symbolic links, locks, and memory shared through a file. */
const tryFileSystem = async (state: string, begin: Begin): Promise<void> => {
  const scratch = await attempt('WORKING_DIR', state, () => mkdtemp(join(state, '.try-')));
  const can = async (what: string, work: (path: string) => Promise<void> | void, slow?: 'slow'): Promise<void> => {
    begin(`${what} in ${state}`, slow);
    try {
      await work(join(scratch, 'file'));
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
    await can('writing', (path) => writeFile(path, 'x'.repeat(4096)));
    await can('fsync', (path) => syncFile(path), 'slow');
    await can('renaming over a file', async (path) => {
      await writeFile(`${path}.new`, 'y');
      await rename(`${path}.new`, path);
    });
    await can('symbolic links', (path) => symlink('file', `${path}.link`));
    await can('locks', (path) => tryLock(`${path}.lock`), 'slow');
    await can('memory shared through a file, which SQLite needs', (path) => tryShared(`${path}.wal`), 'slow');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
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
