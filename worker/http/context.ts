import type { Context as HonoContext } from 'hono';
import type { Env } from '../env.ts';

/** Who a request acts for; `id` is the owner of missions. */
export interface User {
  id: string;
  name: string;
  /** May add and remove servers. */
  isAdmin: boolean;
}

export interface Bound {
  Bindings: Env;
  Variables: { user: User };
}
export type Context = HonoContext<Bound>;
