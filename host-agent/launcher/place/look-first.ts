/**
 * Before anything else: can a start work here? A disk that is away holds whoever touches it, and this process stays
 * awake meanwhile: it looks in a thread where it can do without waiting for that, else in a process of its own.
 */
import { tmpdir } from 'node:os';
import type { Clock } from '../../../shared/clock.ts';
import { placeOf } from '../../config/place.ts';
import { canLookHere, lookHere } from './look-here.ts';
import { tryPlace } from './try-place.ts';

/** Throws StartError when this start can't work, with the reason. `script`: one that looks instead of us. */
export const lookFirst = async (environment: NodeJS.ProcessEnv, clock: Clock, script?: string): Promise<void> => {
  const found = placeOf(environment) ?? (await import('../../config/settings.ts')).configPlace(environment);
  const place = { ...found, temporary: tmpdir() };
  if (script === undefined && canLookHere()) return lookHere((begin) => tryPlace(place, begin), clock);
  const { lookBeside } = await import('./look-beside.ts');
  await lookBeside(place, clock, script ?? process.argv[1] ?? '');
};
