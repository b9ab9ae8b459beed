/** Bounds on all of a place together, by the cgroups (v2, else v1) that this machine has and lets us use. */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join, relative } from 'node:path';

/** A tree of cgroups in which we may make some: of v2 with all controllers, of v1 with one. */
export interface GroupTree {
  /** Ours go below this directory. */
  path: string;
  version: 1 | 2;
  controllers: readonly Controller[];
}

type Controller = 'pids' | 'memory';
const controllers: readonly Controller[] = ['pids', 'memory'];

/** How much all of a place may have: tasks, and bytes of memory. */
export type Most = Record<Controller, number>;

export interface Groups {
  /** Groups for a place, with their bounds, as directories; none where there can be none. */
  make(name: string): Promise<string[]>;
  /** Removes those of a place that is gone. */
  remove(name: string): Promise<void>;
  /** Removes what is left of ours, unless a place is in it. */
  end(): Promise<void>;
  /** Which bounds a place has, for the log. */
  bounds: Controller[];
}

/** What is left of memory is OpenCode's and ours. */
const memoryShare = 0.75;
export const mostOf = (tasks: number): Most => ({ pids: tasks, memory: Math.floor(totalmem() * memoryShare) });

/** In which file of a group its bound stands. */
const files = {
  1: { pids: 'pids.max', memory: 'memory.limit_in_bytes' },
  2: { pids: 'pids.max', memory: 'memory.max' },
};

interface Base {
  directory: string;
  version: 1 | 2;
  bounds: Controller[];
}

/** Groups below one of our own in each tree, called `name`. Those of places that are gone are removed. */
export const groupsIn = async (trees: readonly GroupTree[], name: string, most: Most): Promise<Groups> => {
  const bases: Base[] = [];
  for (const tree of trees) {
    const done = bases.flatMap(({ bounds }) => bounds);
    const base = await baseIn(tree, name);
    if (base) bases.push({ ...base, bounds: base.bounds.filter((controller) => !done.includes(controller)) });
  }
  const used = bases.filter(({ version, bounds }) => version === 2 || bounds.length > 0);
  // One that is still in use stays.
  const removeIn = (base: string, place: string): Promise<void> => rmdir(join(base, place)).catch(() => undefined);
  for (const { directory } of bases)
    for (const entry of await readdir(directory, { withFileTypes: true }))
      if (entry.isDirectory()) await removeIn(directory, entry.name);
  return {
    bounds: used.flatMap(({ bounds }) => bounds),
    make: async (place) => {
      const made: string[] = [];
      for (const { directory, version, bounds } of used) {
        const path = join(directory, place);
        await mkdir(path, { recursive: true });
        for (const each of bounds) await writeFile(join(path, files[version][each]), String(most[each]));
        made.push(path);
      }
      return made;
    },
    remove: async (place) => {
      for (const { directory } of bases) await removeIn(directory, place);
    },
    end: async () => {
      for (const { directory } of bases) await rmdir(directory).catch(() => undefined);
    },
  };
};

/** Null where it is mounted read-only, as in most containers, or is not ours to change. */
const baseIn = async ({ path, version, controllers: offered }: GroupTree, name: string): Promise<Base | null> => {
  const directory = join(path, name);
  try {
    await mkdir(directory, { recursive: true });
  } catch {
    return null;
  }
  if (version === 1) return { directory, version, bounds: [...offered] };
  const bounds: Controller[] = [];
  for (const controller of offered)
    if ((await enable(path, controller)) && (await enable(directory, controller))) bounds.push(controller);
  return { directory, version, bounds };
};

/** False where the kernel, or whoever manages the tree, does not have it. */
const enable = (path: string, controller: Controller): Promise<boolean> =>
  writeFile(join(path, 'cgroup.subtree_control'), `+${controller}`).then(
    () => true,
    () => false,
  );

/** The trees of this machine: that of v2 first, which alone has what newer systems have. */
export const groupTrees = async (): Promise<GroupTree[]> => {
  const [mounts, own] = await Promise.all(
    ['/proc/self/mountinfo', '/proc/self/cgroup'].map((path) => readFile(path, 'utf8')),
  );
  return treesIn(mounts ?? '', own ?? '');
};

/** The same from the texts of `mountinfo` (proc(5)) and of the groups that this process is in (cgroups(7)). */
export const treesIn = (mounts: string, own: string): GroupTree[] => {
  const trees = mounts.split('\n').flatMap((line): GroupTree[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '/', mount = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ path: mount, version: 2, controllers }];
    if (type !== 'cgroup') return [];
    const names = options.split(',');
    const offered = controllers.filter((controller) => names.includes(controller));
    return offered.length === 0
      ? []
      : [{ path: join(mount, ownIn(own, names, root)), version: 1, controllers: offered }];
  });
  return trees.toSorted((a, b) => b.version - a.version);
};

/** Where below a mount of v1 this process is: what bounds us bounds what we make. */
const ownIn = (own: string, controllers: readonly string[], root: string): string => {
  const line = own.split('\n').find((each) =>
    each
      .split(':')[1]
      ?.split(',')
      .some((one) => controllers.includes(one)),
  );
  const way = relative(root, line?.split(':').slice(2).join(':') ?? root);
  return way.startsWith('..') ? '' : way;
};
