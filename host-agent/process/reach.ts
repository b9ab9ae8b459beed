/** What a Linux user that is not root gets at, by the modes of files. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface LinuxIds {
  uid: number;
  gid: number;
}

export const mayRead = 0o4;
export const mayEnter = 0o1;

/** The three bits that count for the user; groups beside its own are not looked at. */
export const permissions = ({ mode, uid, gid }: Stats, user: LinuxIds): number =>
  uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;

/** The topmost directory on the way to `path` that the user may not go through. */
export const closedAbove = async (path: string, user: LinuxIds): Promise<string | undefined> => {
  const above: string[] = [];
  for (let at = path; at !== '/'; at = dirname(at)) above.unshift(at);
  for (const at of above) {
    const stats = await stat(at);
    if (stats.isDirectory() && (permissions(stats, user) & mayEnter) === 0) return at;
  }
  return undefined;
};

export const isWithin = (path: string, above: string): boolean =>
  above === '/' || path === above || path.startsWith(`${above}/`);
