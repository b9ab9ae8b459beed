/**
 * Before anything else: can a start work here? A disk that is away holds whoever touches it, and this process stays
 * awake meanwhile: it looks in a thread where it can do without waiting for that, else in a process of its own.
 */
import { tmpdir } from 'node:os';
import type { Clock } from '../../../shared/clock.ts';
import { configPlace } from '../../config/settings.ts';
import { say } from '../say.ts';
import { stopSignal } from '../stop-signal.ts';
import { lookBeside } from './look-beside.ts';
import { canLookHere, lookHere } from './look-here.ts';
import { tryPlace } from './try-place.ts';

/** Throws StartError when this start can't work, with the reason. `script`: one that looks instead of us. */
export const lookFirst = async (environment: NodeJS.ProcessEnv, clock: Clock, script?: string): Promise<void> => {
  const place = { ...configPlace(environment), temporary: tmpdir() };
  const stop = stopSignal();
  const leave = (): void => {
    say('Stopped.');
    process.exit(0); // Nothing was begun, and whoever is held by a disk can't be waited for.
  };
  stop.addEventListener('abort', leave);
  try {
    if (script === undefined && canLookHere()) await lookHere((begin) => tryPlace(place, begin), clock);
    else await lookBeside(place, clock, script ?? process.argv[1] ?? '');
  } finally {
    stop.removeEventListener('abort', leave);
  }
};
