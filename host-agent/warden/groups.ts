/** Bounds on all of a place together, by cgroup v2, where this machine has it and lets us. */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';

export interface Groups {
  /** The directory of a group for a place, with its bounds; undefined where there can be none. */
  make(name: string): Promise<string | undefined>;
  /** Removes a group whose place is gone. */
  remove(name: string): Promise<void>;
  /** Which bounds a group has, for the log. */
  bounds: string[];
}

const none: Groups = { make: async () => undefined, remove: async () => undefined, bounds: [] };

/** What is left of memory is OpenCode's and ours. */
const memoryShare = 0.75;

/** Groups below one of our own in the tree at `mount`, called `name`. Those of places that are gone are removed. */
export const groupsIn = async (mount: string | undefined, name: string, maxTasks: number): Promise<Groups> => {
  if (mount === undefined) return none;
  const base = join(mount, name);
  try {
    await mkdir(base, { recursive: true });
  } catch {
    return none; // Mounted read-only, as in most containers, or not ours to change.
  }
  const bounds: Record<string, [file: string, most: number]> = {
    pids: ['pids.max', maxTasks],
    memory: ['memory.max', Math.floor(totalmem() * memoryShare)],
  };
  const offered: string[] = [];
  for (const controller of Object.keys(bounds)) {
    const enabled = [mount, base].map((path) => () => write(path, 'cgroup.subtree_control', `+${controller}`));
    if ((await enabled[0]?.()) && (await enabled[1]?.())) offered.push(controller);
  }
  const remove = async (place: string): Promise<void> => {
    await rmdir(join(base, place)).catch(() => undefined); // Still in use, or gone.
  };
  for (const entry of await readdir(base, { withFileTypes: true })) if (entry.isDirectory()) await remove(entry.name);
  return {
    bounds: offered,
    remove,
    make: async (place) => {
      const path = join(base, place);
      await mkdir(path, { recursive: true });
      for (const controller of offered) {
        const [file, most] = bounds[controller] ?? [];
        if (file !== undefined) await writeFile(join(path, file), String(most));
      }
      return path;
    },
  };
};

/** False where the kernel, or whoever manages the tree, does not have it. */
const write = (path: string, file: string, text: string): Promise<boolean> =>
  writeFile(join(path, file), text).then(
    () => true,
    () => false,
  );

/** Where the tree of cgroup v2 is mounted (proc(5)); undefined where it is not. */
export const groupTree = async (): Promise<string | undefined> => {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return mounts.find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
};
