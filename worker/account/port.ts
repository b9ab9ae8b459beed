import * as z from 'zod';
import type { Login } from '../principal.ts';

const loginQuery = z.object({
  id: z.string().min(1),
  generation: z.string(),
  passwordMark: z.string(),
  expiresAtMs: z.coerce.number(),
  endsAtMs: z.coerce.number(),
});

/**
 * How the Worker dials the socket of what holds a login: null where authentication is off. `streams`: how many streams
 * the user may have, of which this is one; null where it is none.
 */
export const sessionUrl = (login: Login | null, streams: number | null): string => {
  const query = new URLSearchParams(streams === null ? {} : { streams: String(streams) });
  if (login) for (const [name, value] of Object.entries(login)) query.set(name, String(value));
  return `http://account/session?${query}`;
};

/** The login of such a dial; null where it names none. */
export const loginIn = (query: URLSearchParams): Login | null =>
  query.has('id') ? loginQuery.parse(Object.fromEntries(query)) : null;

/** How many streams there may be, where such a dial is of one; else null. */
export const streamsIn = (query: URLSearchParams): number | null => {
  const streams = query.get('streams');
  return streams === null ? null : z.coerce.number().int().parse(streams);
};
