import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../../process/child.ts';

/** The two ends of a pipe, as descriptors of ours. Whoever takes it closes both. */
export interface Pipe {
  read: number;
  write: number;
}

/** One start of `mkfifo`, which takes 2 ms, is enough for so many. */
const batch = 16;

/**
 * Makes the pipes that commands print into. Node itself gives a program sockets instead, upon which `echo … >
 * /dev/stderr` fails ("No such device or address"), and two of them, so that what came first is lost. Nothing of it is
 * on the disk but for the moment in which they are made. `take` resolves to null where no pipe can be made.
 */
export const makePipes = (env: Record<string, string>): { take(): Promise<Pipe | null>; close(): void } => {
  const ready: Pipe[] = [];
  let making: Promise<void> | null = null;
  let isClosed = false;

  const make = async (): Promise<void> => {
    const directory = await mkdtemp(join(tmpdir(), 'openagent-pipes-'));
    try {
      const paths = Array.from({ length: batch }, (_, at) => join(directory, String(at)));
      const command = ['mkfifo', '-m', '600', '--', ...paths];
      const child = await startChild({ command, env, output: 'none', session: 'own', tie: null });
      await child.exited;
      for (const path of paths) ready.push(openBoth(path));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    if (isClosed) closeAll();
  };
  const makeMore = (): Promise<void> => {
    making ??= make()
      .catch(() => undefined) // No room, or no mkfifo: whoever needs a pipe is told that there is none.
      .finally(() => {
        making = null;
      });
    return making;
  };
  const closeAll = () => {
    for (const pipe of ready.splice(0)) {
      closeSync(pipe.read);
      closeSync(pipe.write);
    }
  };

  return {
    take: async () => {
      if (ready.length === 0) await makeMore();
      const pipe = ready.pop() ?? null;
      if (ready.length < batch / 4 && !isClosed) void makeMore();
      return pipe;
    },
    close: () => {
      isClosed = true;
      closeAll();
    },
  };
};

/** Neither end waits for the other to be opened, and only ours is read without waiting. */
const openBoth = (path: string): Pipe => {
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  closeSync(both);
  rmSync(path);
  return { read, write };
};
