/**
 * Every process that a command started, wherever it went: below the command's shell, in its session, or anywhere with
 * the command's mark in the environment. What left all three (a daemon with an emptied environment) is not found; that
 * takes a cgroup, which the warden will give (**not yet**).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { markName } from './environment.ts';

export interface Relative {
  pid: number;
  /** As the kernel shortens it. */
  name: string;
  /** Its process group, where nobody but relatives is in that; else 0. */
  group: number;
  /** With the pid it names one process for ever, until the next boot. */
  startTicks: string;
}

interface Seen extends Relative {
  parent: number;
  session: number;
}

/** A shell that was started, as it was then: its pid may be another process's by now. */
export interface Root {
  pid: number;
  startTicks: string;
}

/**
 * The processes of commands that were started as `roots`, with marks that begin with `mark`, without those that only
 * wait to be reaped.
 */
export const familyOf = (roots: readonly Root[], mark: string): Relative[] => {
  const all = readProcesses();
  const known = new Map(all.map((each) => [each.pid, each]));
  const isOther = ({ pid, startTicks }: Root) => (known.get(pid)?.startTicks ?? startTicks) !== startTicks;
  // While a session has members its number is given to no other; when all are gone it may be, and then its leader is.
  const own = new Set(roots.filter((root) => !isOther(root)).map(({ pid }) => pid));
  const family = new Set<number>();
  const add = (belongs: (each: Seen) => boolean): boolean => {
    const found = all.filter((each) => !family.has(each.pid) && belongs(each));
    for (const { pid } of found) family.add(pid);
    return found.length > 0;
  };
  add(({ pid, session }) => own.has(pid) || own.has(session));
  add(({ pid }) => hasMark(pid, mark));
  while (add(({ parent }) => family.has(parent)));
  for (const pid of untouchable) family.delete(pid);
  const shared = new Set(all.filter(({ pid }) => !family.has(pid)).map(({ group }) => group));
  return all
    .filter(({ pid }) => family.has(pid))
    .map(({ pid, name, startTicks, group }) => ({ pid, name, startTicks, group: shared.has(group) ? 0 : group }));
};

/** Whether processes are here that are neither below us nor of commands with marks that begin with `mark`. */
export const hasStrangers = (mark: string): boolean => {
  const all = readProcesses();
  const known = new Set([...untouchable, ...familyOf([], mark).map(({ pid }) => pid)]);
  const below = ({ pid, parent }: Seen) => !known.has(pid) && parent !== 1 && known.has(parent);
  for (let found = all.filter(below); found.length > 0; found = all.filter(below)) {
    for (const { pid } of found) known.add(pid);
  }
  return all.some(({ pid }) => !known.has(pid));
};

/** True while this very process runs. */
export const isThere = ({ pid, startTicks }: Root): boolean => readProcess(String(pid))?.startTicks === startTicks;

/** Ourselves, whom we belong to, and the first process of the machine or namespace. */
const untouchable: ReadonlySet<number> = new Set([1, process.pid, process.ppid]);

const readProcesses = (): Seen[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(name) ?? []) : []));

/** Undefined for one that is gone, or only waits to be reaped. */
const readProcess = (pid: string): Seen | undefined => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It ended while we looked.
  }
  // The name is in parentheses and may hold spaces and parentheses itself.
  const close = stat.lastIndexOf(')');
  const name = stat.slice(stat.indexOf('(') + 1, close);
  const [state = '', parent, group, session, ...rest] = stat.slice(close + 2).split(' ');
  const startTicks = rest[15];
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
  return {
    pid: Number(pid),
    name,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTicks,
  };
};

const hasMark = (pid: number, mark: string): boolean => {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${markName}=${mark}`);
  } catch {
    return false; // It ended, or is another user's.
  }
};

/** The root of a command that was just started. Undefined when it is gone already, and then so is its session. */
export const rootOf = (pid: number): Root | undefined => {
  const seen = readProcess(String(pid));
  return seen && { pid, startTicks: seen.startTicks };
};

/** True while anybody is in the process group that a shell led. */
export const hasGroup = (pid: number): boolean => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
};
