import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from '../../../shared/clock.ts';
import { createLog, type Log } from '../../process/log.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/** A log above this is begun anew; one older file is kept. */
const rotateBytes = 10 * 1024 * 1024;
/** A process that says as much as it can fills some 5 GB meanwhile. */
const rotateMs = 60_000;

/** Whose output has a file. */
const roles = ['launcher', 'edge', 'opencode', 'warden', 'hands', 'host-agent'];

export const logFileIn = (directory: string, role: string): string => join(directory, `${role}.log`);

/** The launcher's log in `directory`, and the files that its children's output goes to. */
export const openLogFiles = (directory: string): { log: Log; fileOf: (role: string) => string } => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const fileOf = (role: string) => logFileIn(directory, role);
  for (const role of roles) rotate(fileOf(role));
  return { log: createLog({ write: (line) => append(fileOf('launcher'), line) }), fileOf };
};

const append = (path: string, line: string) => {
  try {
    appendFileSync(path, line, { mode: 0o600 });
  } catch (error) {
    // A full disk must not take the system down with its log; the line goes where someone may still see it.
    process.stderr.write(`${path}: ${error}\n${line}`);
  }
};

/** A log of a program's own, which it writes as the user `owner`; null: as we do. */
export interface OwnLog {
  path: string;
  owner: number | null;
}

/** Looks at logs again and again, these and `others`, and keeps each small. */
export const keepLogsSmall = (fileOf: (role: string) => string, others: readonly OwnLog[], clock: Clock): Cancel =>
  clock.every(
    rotateMs,
    () => {
      for (const path of roles.map(fileOf)) rotate(path);
      for (const { path, owner } of others)
        if (owner === null) rotate(path);
        else empty(path, owner);
    },
    { keepsAlive: false },
  );

/**
 * Who writes holds the file open and goes on writing to it, at its end: so what it has is copied, and then it is made
 * empty. What is written between the two is lost, which a log can bear.
 */
const rotate = (path: string): void => {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return;
    chmodSync(path, 0o600);
    if (found.size <= rotateBytes) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  } catch (error) {
    process.stderr.write(`${path} could not be begun anew: ${error}\n`); // The system goes on without it.
  }
};

/**
 * The same where another user may exchange what is at `path` for a link at any moment: only a file of that user is made
 * empty, and none is written beside it.
 */
const empty = (path: string, owner: number): void => {
  try {
    const file = openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (found.isFile() && found.uid === owner && found.size > rotateBytes) ftruncateSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) process.stderr.write(`${path} could not be begun anew: ${error}\n`);
  }
};
