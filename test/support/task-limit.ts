// A bound on how many processes a test may make, kept by the kernel.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a group with a bound can be made: cgroup v1 has a tree for it, v2 one for everything. */
const trees = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'];
let made = 0;

export interface TaskLimit {
  /** The command line that runs `command` in the group, in a PID namespace that ends with its first process. */
  within(command: readonly string[]): string[];
  /** Only when it is empty. */
  remove(): void;
}

/** Throws where this machine has none. */
export const taskLimit = (maxTasks: number): TaskLimit => {
  const tree = trees.find((path) => existsSync(join(path, 'cgroup.procs'))) ?? '/sys/fs/cgroup';
  const group = join(tree, `openagent-test-${process.pid}-${++made}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, 'pids.max'), String(maxTasks));
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  const namespace = ['unshare', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'];
  const entering = ['/bin/sh', '-c', 'echo 0 > "$0" && exec "$@"', join(group, 'cgroup.procs')];
  // The first process of a namespace has to reap what orphans leave.
  const init = ['/bin/sh', '-c', '"$@"; exit "$?"', 'init'];
  return { within: (command) => [...entering, ...namespace, ...init, ...command], remove: () => rmdirSync(group) };
};

const tried = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'a bound on processes takes root';
  try {
    taskLimit(10).remove();
    return undefined;
  } catch (error) {
    return `no cgroup with a bound on processes can be made here: ${error instanceof Error ? error.message : error}`;
  }
};

/** Why no bound can be made here, or undefined. */
export const noTaskLimit: string | undefined = tried();

/** How many tasks are in the group of this process. */
export const tasksHere = (): number => {
  const path = /^\d+:(?:pids)?:(\/openagent-test-.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  const tree = trees.find((each) => existsSync(join(each, path, 'pids.current'))) ?? '';
  return Number(readFileSync(join(tree, path, 'pids.current'), 'utf8'));
};
