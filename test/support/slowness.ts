// How much slower than a quiet two-core machine this one is right now: what every limit of the tests is multiplied
// with.
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Milliseconds that each measure takes on the reference: two cores of a virtual server, nothing else running. Its disk
 * is faster (4 ms); up to this, nothing of the tests waits for it.
 */
const referenceMs = { processStart: 25, cpu: 50, fsync: 20 };

/** One unlucky moment is no measure; the middle one of three is. */
const rounds = 3;

/** Beyond this the machine can't be worked with, and a hang should still be found within an hour. */
const most = 32;

const timed = (work: () => unknown): number => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};

const middle = (work: () => unknown): number => {
  const sorted = Array.from({ length: rounds }, () => timed(work)).toSorted((a, b) => a - b);
  return sorted[Math.floor(rounds / 2)] ?? 0;
};

const startProcess = (): void => {
  spawnSync(process.execPath, ['-e', '']);
};

const steps = 10_000_000;
const compute = (): number => {
  let value = 0;
  for (let step = 0; step < steps; step++) value = (value * 31 + step) | 0;
  return value;
};

const syncs = 20;
const storeIn = (directory: string) => (): void => {
  const file = openSync(join(directory, 'synced'), 'w');
  for (let written = 0; written < syncs; written++) {
    writeSync(file, Buffer.alloc(4096));
    fsyncSync(file);
  }
  closeSync(file);
};

/**
 * The worst of starting a process, computing and syncing a file, as a multiple of the reference; never below 1. Takes
 * about 0.3 s.
 */
export const measureSlowness = (): number => {
  const directory = mkdtempSync(join(tmpdir(), 'openagent-calibration-'));
  try {
    const worst = Math.max(
      middle(startProcess) / referenceMs.processStart,
      middle(compute) / referenceMs.cpu,
      middle(storeIn(directory)) / referenceMs.fsync,
    );
    return Math.min(most, Math.max(1, Math.round(worst * 10) / 10));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
