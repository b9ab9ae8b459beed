/** The Open Agent of a state directory, found by what its launcher recorded (pid with start time), never by name. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { StateFiles } from '../config/state-files.ts';
import { readStateJson } from '../launcher/state/state-json.ts';
import { isAlive, type ProcessIdentity } from '../process/identity.ts';
import { processIdentity } from '../process/identity-record.ts';
import { processTree } from '../process/tree.ts';

export interface RunningSystem {
  launcher: ProcessIdentity;
  /** Names of its children that are alive. */
  children: string[];
  /** Number of the Linux user that each of them is. */
  users: Record<string, number>;
  /** Milliseconds since 1970. */
  since: number;
}

/** Undefined where none runs. */
export const runningSystem = async (files: StateFiles): Promise<RunningSystem | undefined> => {
  const recorded = await readStateJson(files.processes, z.record(z.string(), processIdentity));
  const { launcher, ...children } = recorded ?? {};
  if (!launcher || !isAlive(launcher)) return undefined;
  const alive = Object.entries(children).filter(([, identity]) => isAlive(identity));
  const users = alive.flatMap(([name, { pid }]) => {
    const user = userOf(name === 'opencode' ? insideOf(pid) : pid);
    return user === undefined ? [] : [[name, user] as const];
  });
  return {
    launcher,
    children: alive.map(([name]) => name),
    users: Object.fromEntries(users),
    since: startOf(launcher),
  };
};

/** OpenCode is recorded as the process that holds its namespace, which is root's. */
const insideOf = (pid: number): number => processTree(pid).at(-1)?.identity.pid ?? pid;

const userOf = (pid: number): number | undefined => {
  try {
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // It has ended.
  }
};

/** Clock ticks of /proc are hundredths of a second to every program (proc(5), USER_HZ). */
const ticksPerSecond = 100;

const startOf = ({ startTicks }: ProcessIdentity): number => {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0);
  return (bootSeconds + Number(startTicks) / ticksPerSecond) * 1000;
};
