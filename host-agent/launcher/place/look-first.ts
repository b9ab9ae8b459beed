/**
 * Before anything else: can a start work here? In a process that may be held by a dead disk, while this one stays
 * awake.
 */
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { configPlace } from '../../config/settings.ts';
import { StartError } from '../../config/start-error.ts';
import { type Child, startChild } from '../../process/child.ts';
import { nodeCommand } from '../../process/node-command.ts';
import { say } from '../say.ts';
import { stopSignal } from '../stop-signal.ts';
import { placeArguments, type Said } from './place-child.ts';

/** A disk that is there answers a look within milliseconds; who waits for a start waits no longer than two seconds. */
export const lookMs = 1_500;
/** What is written through to a disk that is busy, and the start of the process itself on a machine that is. */
const slowMs = 20_000;

const line: z.ZodType<Said> = z.union([
  z.object({ begins: z.string(), slow: z.boolean() }),
  z.object({ problem: z.string() }),
  z.object({ works: z.literal(true) }),
]);

/** Throws StartError when this start can't work, with the reason. `script` has the command `place-child`. */
export const lookFirst = async (
  environment: NodeJS.ProcessEnv,
  clock: Clock,
  script = process.argv[1] ?? '',
): Promise<void> => {
  const args = placeArguments({ ...configPlace(environment), temporary: tmpdir() });
  const stop = stopSignal();
  const child = await startChild({
    command: [...nodeCommand(), script, ...args],
    env: process.env,
    output: 'answers',
    session: 'ours',
    tie: null,
  }).catch((error: Error) => {
    throw new StartError(`The look at WORKING_DIR could not begin: ${error.message}`);
  });
  const leave = (): void => {
    child.kill();
    say('Stopped.');
    process.exit(0); // Nothing was begun, and whoever is held by a disk can't be waited for.
  };
  if (stop.aborted) leave();
  stop.addEventListener('abort', leave);
  try {
    await answered(child, clock);
  } finally {
    child.kill();
    stop.removeEventListener('abort', leave);
  }
};

/**
 * Resolves when the child says that the place works; rejects with StartError when it does not, or the child says
 * nothing any more.
 */
const answered = (child: Child, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    let at = 'The look at WORKING_DIR';
    const giveUp = (reason: string): void => reject(new StartError(reason));
    const late = (): void =>
      giveUp(
        `${at} does not answer. Is it on a network or FUSE disk that is away? Mount it again, or set another one.`,
      );
    let cancel = clock.after(slowMs, late);
    if (child.stdout === null) throw new Error('the look at WORKING_DIR has no output');
    createInterface(child.stdout).on('line', (text) => {
      const said = line.parse(JSON.parse(text));
      cancel();
      if ('works' in said) return resolve();
      if ('problem' in said) return giveUp(said.problem);
      at = said.begins;
      cancel = clock.after(said.slow ? slowMs : lookMs, late);
    });
    void child.closed.then(({ code, signal }) => {
      cancel();
      giveUp(`The look at WORKING_DIR was ended (${signal ?? code}).`);
    });
  });
