import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Capability, OwnUser } from '../../process/as-user.ts';
import { openedFd } from '../../process/child.ts';
import type { Start } from '../state/start.ts';

/**
 * workerd drains for as long as an event stream is open (edge §4.2). Requests that were under way are done within this;
 * its databases survive a kill.
 */
export const graceMs = 1_000;

/** Where and as whom workerd runs. */
export interface WorkerdSpec {
  /** Path of its executable. */
  command: string;
  /** Path of its configuration (files.ts). */
  config: string;
  host: string;
  port: number;
  /** Number of the user that it is; null: the one that we are. */
  user: number | null;
}

/**
 * How workerd is started; it inherits nothing. As a user of its own it gets to its program and its state by descriptors
 * that we open, because the directories above them may be closed to that user, as /root is: so it takes no mount
 * namespace, which would cost a start several programs more before the edge answers.
 */
export const workerdCommand = ({ command, config, host, port, user }: WorkerdSpec) => {
  const isOwn = user !== null;
  const at = (path: string, index: number): string =>
    isOwn ? `/proc/self/fd/${openedFd + index}/${basename(path)}` : path;
  const socket = `http=${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const own: { as?: OwnUser; opened?: string[] } = isOwn
    ? { as: { number: user, kept: capabilitiesFor(port) }, opened: [config, command].map((path) => dirname(path)) }
    : {};
  return { command: at(command, 1), args: ['serve', at(config, 0), '--experimental', '-s', socket], env: {}, ...own };
};

/** Below it a program that is not root needs a capability to listen (ip(7)). */
const firstOpenPort = 1024;
const capabilitiesFor = (port: number): Capability[] => (port > 0 && port < firstOpenPort ? ['net_bind_service'] : []);

/**
 * Number of the user that the edge is; null: the one that we are. It can't be another where workerd was installed for
 * root alone.
 */
export const edgeUserOf = ({ ownUsers }: Pick<Start, 'ownUsers'>): number | null =>
  ownUsers !== null && isForAll(workerdBinary()) ? ownUsers.edge : null;

const isForAll = (command: string): boolean => {
  const others = 0o005;
  return [command, dirname(command)].every((path) => (statSync(path).mode & others) === others);
};

/** The executable itself: npm's `workerd` command is a Node script around it that would stay in memory. */
export const workerdBinary = (): string => {
  const { default: path }: { default?: unknown } = createRequire(import.meta.url)('workerd');
  if (typeof path === 'string') return path;
  throw new Error('the npm package "workerd" names no executable. Remove node_modules and start again.');
};
