// Copies of what a process keeps on disk, to put an older or another one in its place.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A copy of some state, as of one moment. */
export interface StateCopy {
  readonly directory: string;
}

export type StateFiles = ReturnType<typeof stateOf>;

/**
 * The files and folders below `root` whose paths begin with one of `names` (`store.sqlite` means its -wal and -shm
 * too); copies go to the folder `copies`. Only for a process that does not run: SQLite's files belong together.
 */
export const stateOf = (root: string, names: readonly string[], copies: string, isRunning: () => boolean) => {
  const present = (below: string): string[] =>
    names.flatMap((name) => {
      const folder = join(below, dirname(name));
      const begin = name.slice(dirname(name) === '.' ? 0 : dirname(name).length + 1);
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .filter((each) => each.startsWith(begin))
        .map((each) => join(dirname(name), each));
    });
  const stopped = (what: string): void => {
    if (isRunning()) throw new Error(`${what} while the process runs would copy half of its state; kill it first`);
  };
  const remove = (): void => {
    stopped('removing');
    for (const path of present(root)) rmSync(join(root, path), { recursive: true, force: true });
  };
  return {
    backup: (): StateCopy => {
      stopped('a backup');
      mkdirSync(copies, { recursive: true });
      const directory = mkdtempSync(join(copies, 'copy-'));
      for (const path of present(root)) cpSync(join(root, path), join(directory, path), { recursive: true });
      return { directory };
    },
    /** Puts a copy in the place of what is there; a copy can be restored more than once. */
    restore: ({ directory }: StateCopy): void => {
      remove();
      for (const path of present(directory)) cpSync(join(directory, path), join(root, path), { recursive: true });
    },
    remove,
  };
};
