import type { Context } from './context.ts';

const header = 'X-Servers-Left-Out';

/** Tells a client of how many servers, which fail now, its answer has nothing: the body is the contract's. */
export const tellLeftOut = (c: Context, servers: number): void => {
  if (servers > 0) c.header(header, String(servers));
};

/** The same for a response that is made by hand. */
export const leftOutHeader = (servers: number): Record<string, string> =>
  servers > 0 ? { [header]: String(servers) } : {};
