import { expect, test } from 'vitest';
import type { Disk } from '../../host-agent/process/disk.ts';
import { diskText, tellOfDisk } from '../../host-agent/system/disk-watch.ts';

const gigabyte = 1024 ** 3;
const large = (free: number): Disk => ({ free: free * gigabyte, all: 500 * gigabyte });

test('a disk is told of once when it gets low, and once when it has room again', () => {
  const told: string[] = [];
  let wasLow = false;
  for (const free of [100, 6, 4.9, 4, 5.1, 6, 6.3, 100, 1]) {
    const what = tellOfDisk(large(free), wasLow);
    if (what === null) continue;
    wasLow = what === 'low';
    told.push(`${what} at ${free}`);
  }
  expect(told).toEqual(['low at 4.9', 'over at 6.3', 'low at 1']);
});

test('a small disk is low by its share', () => {
  expect(tellOfDisk({ free: 3 * gigabyte, all: 20 * gigabyte }, false)).toBeNull();
  expect(tellOfDisk({ free: 1.9 * gigabyte, all: 20 * gigabyte }, false)).toBe('low');
});

test('the sentence says how much is left and what happens else', () => {
  expect(diskText('low', '/root/.openagent', large(4.9))).toBe(
    'The disk below /root/.openagent is nearly full: 4.9 GB of 500.0 GB are free. Free space there: when it is full, no new turn starts.',
  );
});
