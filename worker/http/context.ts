import type { Context as HonoContext } from 'hono';
import type { Env } from '../env.ts';
import type { Principal } from '../principal.ts';

export interface Bound {
  Bindings: Env;
  /** Set by the gate, for routes of users alone. */
  Variables: { principal: Principal };
}
export type Context = HonoContext<Bound>;
