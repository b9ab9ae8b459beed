import { appendFileSync, chmodSync, copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from '../../../shared/clock.ts';
import { createLog, type Log } from '../../process/log.ts';

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

/** Looks at logs again and again, these and `others`, and keeps each small. */
export const keepLogsSmall = (fileOf: (role: string) => string, others: readonly string[], clock: Clock): Cancel =>
  clock.every(
    rotateMs,
    () => {
      for (const path of [...roles.map(fileOf), ...others]) rotate(path);
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
