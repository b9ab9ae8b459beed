import { readFileSync } from 'node:fs';
import { processTree } from '../support/launched.ts';

/** Of /proc: clock ticks a second, on every Linux that we run on. */
const ticksPerSecond = 100;

/** CPU milliseconds that a process has used so far. */
export const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1000;
};

/** Resident memory of a process, in megabytes: now, and the most that it has been since it began. */
export const residentMbOf = (pid: number): number => statusMb(pid, 'VmRSS');
export const mostMbOf = (pid: number): number => statusMb(pid, 'VmHWM');

const statusMb = (pid: number, line: 'VmRSS' | 'VmHWM'): number => {
  const found = new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (!found) throw new Error(`process ${pid} has no resident memory`);
  return Number(found) / 1024;
};

/** What a process takes of the machine, in megabytes: of memory that it shares with others its share. */
export const proportionalMbOf = (pid: number): number => {
  const found = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  if (!found) throw new Error(`process ${pid} has no memory`);
  return Number(found) / 1024;
};

/** The same of a process and everything below it that has not ended meanwhile. */
export const treeMbOf = (pid: number): number =>
  processTree(pid).reduce((total, each) => total + (each.pid === pid ? residentMbOf(pid) : ifThereMb(each.pid)), 0);

/** A process that ended just now has a state, or not even that, and no memory. */
const ifThereMb = (pid: number): number => {
  try {
    return residentMbOf(pid);
  } catch {
    return 0;
  }
};
