// Reads how long a server's object was held, and by what (worker/with-held.ts).
import * as z from 'zod';
import type { System } from './system.ts';

const held = z.record(z.string(), z.array(z.number()));

/**
 * Milliseconds of each call since the last reading, by name; `construction` too. Whole ones: add up, or take the mean.
 */
export const readHeld = async ({ url }: Pick<System, 'url'>): Promise<Record<string, number[]>> =>
  held.parse(await (await fetch(`${url}/bench/held`)).json());
