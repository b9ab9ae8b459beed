/** The Open Agent of a state directory, found by what its launcher recorded (pid with start time), never by name. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { StateFiles } from '../config/state-files.ts';
import { readStateJson } from '../launcher/state/state-json.ts';
import { isAlive, type ProcessIdentity } from '../process/identity.ts';
import { processIdentity } from '../process/identity-record.ts';

export interface RunningSystem {
  launcher: ProcessIdentity;
  /** Names of its children that are alive. */
  children: string[];
  /** Milliseconds since 1970. */
  since: number;
}

/** Undefined where none runs. */
export const runningSystem = async (files: StateFiles): Promise<RunningSystem | undefined> => {
  const recorded = await readStateJson(files.processes, z.record(z.string(), processIdentity));
  const { launcher, ...children } = recorded ?? {};
  if (!launcher || !isAlive(launcher)) return undefined;
  const alive = Object.entries(children).filter(([, identity]) => isAlive(identity));
  return { launcher, children: alive.map(([name]) => name), since: startOf(launcher) };
};

/** Clock ticks of /proc are hundredths of a second to every program (proc(5), USER_HZ). */
const ticksPerSecond = 100;

const startOf = ({ startTicks }: ProcessIdentity): number => {
  const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0);
  return (bootSeconds + Number(startTicks) / ticksPerSecond) * 1000;
};
