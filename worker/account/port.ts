import * as z from 'zod';
import type { Login } from '../principal.ts';

const loginQuery = z.object({
  id: z.string().min(1),
  generation: z.string(),
  passwordMark: z.string(),
  expiresAtMs: z.coerce.number(),
  endsAtMs: z.coerce.number(),
});

/** How the Worker dials the socket of a stream: null where authentication is off. */
export const sessionUrl = (login: Login | null): string => {
  const query = new URLSearchParams();
  if (login) for (const [name, value] of Object.entries(login)) query.set(name, String(value));
  return `http://account/session?${query}`;
};

/** The login of such a dial; null where it names none. */
export const loginIn = (query: URLSearchParams): Login | null =>
  query.has('id') ? loginQuery.parse(Object.fromEntries(query)) : null;
