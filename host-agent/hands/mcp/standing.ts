import * as z from 'zod';
import type { McpServer } from './definition.ts';

/** How it stood with a server of an owner when it was last used. */
export const standing = z.object({
  owner: z.string(),
  server: z.string(),
  type: z.enum(['local', 'remote']),
  /** Why it could not be had; null where it could. */
  failure: z.string().nullable(),
});
export type Standing = z.infer<typeof standing>;

/** Nobody has more of them; beyond, what was used first goes. */
const most = 200;

export const createStanding = () => {
  const all = new Map<string, Standing>();
  return {
    note: (owner: string, { name, definition }: McpServer, failure: string | null): void => {
      const key = JSON.stringify([owner, name]);
      all.delete(key);
      all.set(key, { owner, server: name, type: definition.type, failure });
      for (const oldest of [...all.keys()].slice(0, -most)) all.delete(oldest);
    },
    all: (): Standing[] => [...all.values()],
  };
};
