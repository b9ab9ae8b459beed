import { readFileSync } from 'node:fs';

/**
 * What names one process for ever: a pid alone is given out again, a pid with its start time is not, until the next
 * boot. Crash left-overs are found by this and never by name (architecture §3, 7).
 */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat, in clock ticks since boot. */
  startTicks: string;
  bootId: string;
}

/**
 * The identity of a live process. Undefined when there is no such process, or only a zombie, which merely waits to be
 * reaped.
 */
export const identityOf = (pid: number): ProcessIdentity | undefined => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // The process is gone, which is the answer.
  }
  // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
  return { pid, startTicks, bootId: bootId() };
};

/** True while the very process that was recorded still runs. */
export const isAlive = (recorded: ProcessIdentity): boolean => {
  const now = identityOf(recorded.pid);
  return now?.startTicks === recorded.startTicks && now.bootId === recorded.bootId;
};

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
