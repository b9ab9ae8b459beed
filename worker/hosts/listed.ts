import type { Env } from '../env.ts';
import type { Listed } from '../host/replies.ts';
import { callObject, type HostObject } from './object.ts';

/**
 * A list of a server's object as a whole, which gives it page by page: no answer of an object is larger than a page.
 */
export const listed = async <T>(
  env: Env,
  host: string,
  page: (object: HostObject, after: string | null) => Promise<Listed<T>>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let after: string | null = null; ; ) {
    const { list, next }: Listed<T> = await callObject(env, host, (object) => page(object, after));
    all.push(...list);
    if (next === null) return all;
    after = next;
  }
};
