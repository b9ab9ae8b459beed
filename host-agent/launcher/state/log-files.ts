import { appendFileSync, chmodSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, type Log } from '../../process/log.ts';

/** A log above this is moved aside at a start; one older file is kept. */
const rotateBytes = 10 * 1024 * 1024;

/** The launcher's log in `directory`, and the files that its children's output goes to. */
export const openLogFiles = (directory: string): { log: Log; fileOf: (role: string) => string } => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const fileOf = (role: string) => join(directory, `${role}.log`);
  for (const role of ['launcher', 'edge', 'opencode', 'host-agent']) rotate(fileOf(role));
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

const rotate = (path: string) => {
  if (!existsSync(path)) return;
  chmodSync(path, 0o600);
  if (statSync(path).size > rotateBytes) renameSync(path, `${path}.1`);
};
