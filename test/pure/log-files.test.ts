import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepLogsSmall, openLogFiles } from '../../host-agent/launcher/state/log-files.ts';
import { handClock } from '../support/hand-clock.ts';

const limitBytes = 10 * 1024 * 1024;
const longEnoughMs = 10 * 60_000;

test('a log that grows while everything runs is begun anew, and who writes to it goes on', () => {
  const directory = mkdtempSync(join(tmpdir(), 'logs-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const clock = handClock();
  const { fileOf } = openLogFiles(directory);
  const other = join(directory, 'other.log');
  const writers = [fileOf('edge'), other].map((path) => openSync(path, 'a', 0o600));
  onTestFinished(() => writers.forEach(closeSync));
  const stop = keepLogsSmall(fileOf, [{ path: other, owner: null }], clock);

  for (const writer of writers) writeSync(writer, 'x'.repeat(limitBytes));
  clock.advance(longEnoughMs);
  expect(statSync(other).size).toBe(limitBytes);

  for (const writer of writers) writeSync(writer, 'One line more.\n');
  clock.advance(longEnoughMs);
  for (const writer of writers) writeSync(writer, 'After.\n');
  for (const path of [fileOf('edge'), other]) {
    expect(readFileSync(path, 'utf8')).toBe('After.\n');
    expect(readFileSync(`${path}.1`, 'utf8').endsWith('xOne line more.\n')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }

  stop();
  appendFileSync(other, 'x'.repeat(2 * limitBytes));
  clock.advance(longEnoughMs);
  expect(statSync(other).size).toBeGreaterThan(limitBytes);
});
