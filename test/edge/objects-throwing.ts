import { env, evictDurableObject } from 'cloudflare:test';
import { onTestFinished } from 'vitest';

const throwing = new Set<string>();

/** For the Worker of these tests: an object that a test has broken throws when it starts. */
export const throwIfBroken = (name: string | undefined): void => {
  if (name !== undefined && throwing.has(name)) throw new Error('this object throws at its start, as ordered');
};

/** The object of this server throws whenever it is asked anything, until the test is done. */
export const breakHost = async (host: string): Promise<void> => {
  throwing.add(host);
  onTestFinished(() => {
    throwing.delete(host);
  });
  await evictDurableObject(env.HOST.getByName(host));
};
