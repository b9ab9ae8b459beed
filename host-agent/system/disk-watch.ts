import { type Clock, rest } from '../../shared/clock.ts';
import { type Disk, diskBelow } from '../process/disk.ts';

/** Free bytes, or the share of a small disk, below which people are told: enough for a day of agents at work. */
const lowBytes = 5 * 1024 ** 3;
const lowShare = 0.1;
/** It is over only above this many times as much, so that a disk at the border is not told of again and again. */
const overTimes = 1.25;
const lookMs = 60_000;

/** What there is to tell of a disk: that it is getting full, that it is no more, or nothing new. */
export const tellOfDisk = ({ free, all }: Disk, wasLow: boolean): 'low' | 'over' | null => {
  const border = Math.min(lowBytes, all * lowShare);
  if (!wasLow) return free < border ? 'low' : null;
  return free > border * overTimes ? 'over' : null;
};

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GB`;

/** A sentence for people, before anything fails. */
export const diskText = (what: 'low' | 'over', directory: string, { free, all }: Disk): string =>
  what === 'low'
    ? `The disk below ${directory} is nearly full: ${gigabytes(free)} of ${gigabytes(all)} are free. Free space there: when it is full, no new turn starts.`
    : `The disk below ${directory} has room again: ${gigabytes(free)} of ${gigabytes(all)} are free.`;

/** Looks at the disk below `directory` again and again, and tells what is new, until `signal` aborts. */
export const watchDisk = async (
  directory: string,
  { clock, tell }: { clock: Clock; tell: (code: 'disk.low' | 'disk.over', text: string) => void },
  signal: AbortSignal,
): Promise<void> => {
  let isLow = false;
  while (!signal.aborted) {
    const disk = await diskBelow(directory);
    const what = tellOfDisk(disk, isLow);
    if (what !== null) {
      isLow = what === 'low';
      tell(`disk.${what}`, diskText(what, directory, disk));
    }
    await rest(clock, lookMs, signal);
  }
};
