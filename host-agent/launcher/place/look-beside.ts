/** The look in a process of its own, which may be held by a dead disk while this one stays awake. */
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Clock } from '../../../shared/clock.ts';
import { StartError } from '../../config/start-error.ts';
import { type Child, startChild } from '../../process/child.ts';
import { nodeCommand } from '../../process/node-command.ts';
import { placeArguments, type Said } from './place-child.ts';
import { stepLimit } from './step-limit.ts';
import type { Place } from './try-place.ts';

const line: z.ZodType<Said> = z.union([
  z.object({ begins: z.string(), slow: z.boolean() }),
  z.object({ problem: z.string() }),
  z.object({ works: z.literal(true) }),
]);

/** Looks by `script`, which has the command `place-child`. Rejects with StartError as lookFirst does. */
export const lookBeside = async (place: Place, clock: Clock, script: string): Promise<void> => {
  const child = await startChild({
    command: [...nodeCommand(), script, ...placeArguments(place)],
    env: process.env,
    output: 'answers',
    session: 'ours',
    tie: null,
  }).catch((error: Error) => {
    throw new StartError(`The look at WORKING_DIR could not begin: ${error.message}`);
  });
  const end = (): void => child.kill();
  process.on('exit', end);
  try {
    await answered(child, clock);
  } finally {
    end();
    process.off('exit', end);
  }
};

/**
 * Resolves when the child says that the place works; rejects with StartError when it does not, or the child says
 * nothing any more.
 */
const answered = (child: Child, clock: Clock): Promise<void> =>
  new Promise((resolve, reject) => {
    const giveUp = (reason: string): void => reject(new StartError(reason));
    const { begin, end } = stepLimit(clock, giveUp);
    begin('The look at WORKING_DIR', 'slow');
    if (child.stdout === null) throw new Error('the look at WORKING_DIR has no output');
    createInterface(child.stdout).on('line', (text) => {
      const said = line.parse(JSON.parse(text));
      if ('begins' in said) return begin(said.begins, said.slow ? 'slow' : undefined);
      end();
      if ('works' in said) return resolve();
      giveUp(said.problem);
    });
    void child.closed.then(({ code, signal }) => {
      end();
      giveUp(`The look at WORKING_DIR was ended (${signal ?? code}).`);
    });
  });
