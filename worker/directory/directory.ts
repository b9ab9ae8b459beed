import { drizzle } from 'drizzle-orm/d1';
import type { Bindings } from '../env.ts';

/** The D1 directory: servers, users' pointers and the read model of missions (architecture §2). */
export const directory = (env: Pick<Bindings, 'DB'>) => drizzle(env.DB);
export type Directory = ReturnType<typeof directory>;
