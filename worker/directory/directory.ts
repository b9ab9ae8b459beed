import { drizzle } from 'drizzle-orm/d1';
import type { Clock } from '../../shared/clock.ts';
import type { Bindings } from '../env.ts';
import { bounded } from './away.ts';

/**
 * The D1 directory: servers, users' pointers and the read model of missions (architecture §2). Requests, which have a
 * clock, wait for it for a bounded time; objects have their own patience (worker/host/effects).
 */
export const directory = ({ DB, clock }: Pick<Bindings, 'DB'> & { clock?: Clock }) =>
  drizzle(clock ? bounded(DB, clock) : DB);
export type Directory = ReturnType<typeof directory>;
