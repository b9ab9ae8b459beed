/** Before anything else: can a start work here? In a process that may be held by a dead disk, while this one stays awake. */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { configPlace } from '../../config/settings.ts';
import { StartError } from '../../config/start-error.ts';
import { say } from '../say.ts';
import { stopSignal } from '../stop-signal.ts';
import { type Place, place, tryPlace } from './try-place.ts';

/** A disk that is there answers a look within milliseconds; who waits for a start waits no longer than two seconds. */
const lookMs = 1_500;
/** What is written through to a disk that is busy, and the start of the process itself on a machine that is. */
const slowMs = 20_000;

const line = z.union([
  z.object({ begins: z.string(), slow: z.boolean() }),
  z.object({ problem: z.string() }),
  z.object({ works: z.literal(true) }),
]);

/** Throws StartError when this start can't work, with the reason. `script` has the command `place-child`. */
export const lookFirst = (environment: NodeJS.ProcessEnv, script = process.argv[1] ?? ''): Promise<void> => {
  const looked: Place = { ...configPlace(environment), temporary: tmpdir() };
  const child = spawn(process.execPath, [...process.execArgv, script, 'place-child', JSON.stringify(looked)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = stopSignal();
  return new Promise((resolve, reject) => {
    const leave = () => {
      child.kill('SIGKILL');
      say('Stopped.');
      process.exit(0); // Nothing was begun, and whoever is held by a disk can't be waited for.
    };
    stop.addEventListener('abort', leave);
    let at = 'The look at WORKING_DIR';
    const giveUp = (reason: string) => {
      child.kill('SIGKILL');
      reject(new StartError(reason));
    };
    const late = () =>
      giveUp(
        `${at} does not answer. Is it on a network or FUSE disk that is away? Mount it again, or set another one.`,
      );
    let timer = setTimeout(late, slowMs);
    createInterface(child.stdout).on('line', (text) => {
      const said = line.parse(JSON.parse(text));
      clearTimeout(timer);
      if ('works' in said) {
        stop.removeEventListener('abort', leave);
        return resolve();
      }
      if ('problem' in said) return giveUp(said.problem);
      at = said.begins;
      timer = setTimeout(late, said.slow ? slowMs : lookMs);
    });
    child.once('error', (error) => giveUp(`The look at WORKING_DIR could not begin: ${error.message}`));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      stop.removeEventListener('abort', leave);
      giveUp(`The look at WORKING_DIR was ended (${signal ?? code}).`);
    });
  });
};

/** `openagent place-child <place>`: says on standard output what it looks at, and what it found. */
export const placeChild = (given: string | undefined): void => {
  const tell = (said: z.infer<typeof line>) => process.stdout.write(`${JSON.stringify(said)}\n`);
  try {
    tryPlace(place.parse(JSON.parse(given ?? '')), (begins, slow) => tell({ begins, slow: slow === 'slow' }));
    tell({ works: true });
  } catch (error) {
    tell({ problem: error instanceof Error ? error.message : String(error) });
  }
};
