/** The commands that run until they are stopped: first of all they look at the place where they are to work. */
import { systemClock } from '../../shared/clock.ts';
import { containmentMeans } from '../process/means.ts';
import { ended } from './ended.ts';

/**
 * Runs what works in WORKING_DIR, once that is known to be of use. `load` gets what runs into memory meanwhile; nothing
 * in it may touch WORKING_DIR, which may hold whoever does. What stops it is said only where the place itself is good.
 */
export const start = (load: () => Promise<() => Promise<unknown>>, environment: NodeJS.ProcessEnv): Promise<number> =>
  ended(async () => {
    const { lookFirst } = await import('../launcher/place/look-first.ts');
    const looked = lookFirst(environment, systemClock);
    const [place, command] = await Promise.allSettled([looked, load()]);
    if (place.status === 'rejected') throw place.reason;
    if (command.status === 'rejected') throw command.reason;
    return command.value();
  });

/** `openagent up` in this terminal. */
export const startUp = (environment: NodeJS.ProcessEnv): Promise<number> =>
  start(async () => {
    void containmentMeans(); // Asked for by the start, and touches no file of it.
    const { up } = await import('../launcher/up.ts');
    return () => up(environment);
  }, environment);
