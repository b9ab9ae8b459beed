import type { Env } from '../env.ts';
import type { Listed } from '../host/replies.ts';
import { callObject, type HostObject } from './object.ts';

/** A list of a server's object, page by page: no answer of an object is larger than a page. */
export async function* pagesOf<Page extends { next: string | null }>(
  env: Env,
  host: string,
  page: (object: HostObject, after: string | null) => Promise<Page>,
): AsyncGenerator<Page> {
  for (let after: string | null = null; ; ) {
    const given: Page = await callObject(env, host, (object) => page(object, after));
    yield given;
    if (given.next === null) return;
    after = given.next;
  }
}

/** The same as a whole. */
export const listed = async <T>(
  env: Env,
  host: string,
  page: (object: HostObject, after: string | null) => Promise<Listed<T>>,
): Promise<T[]> => {
  const all: T[] = [];
  for await (const { list } of pagesOf(env, host, page)) all.push(...list);
  return all;
};
