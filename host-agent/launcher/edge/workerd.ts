import { createRequire } from 'node:module';
import { isIP } from 'node:net';

/**
 * workerd drains for as long as an event stream is open (edge §4.2). Requests that were under way are done within this;
 * its databases survive a kill.
 */
export const graceMs = 1_000;

/** How workerd is started with the configuration of files.ts; it inherits nothing. */
export const workerdCommand = (command: string, config: string, host: string, port: number) => ({
  command,
  args: ['serve', config, '--experimental', '-s', `http=${isIP(host) === 6 ? `[${host}]` : host}:${port}`],
  env: {},
});

/** The executable itself: npm's `workerd` command is a Node script around it that would stay in memory. */
export const workerdBinary = (): string => {
  const { default: path }: { default?: unknown } = createRequire(import.meta.url)('workerd');
  if (typeof path === 'string') return path;
  throw new Error('the npm package "workerd" names no executable. Remove node_modules and start again.');
};
