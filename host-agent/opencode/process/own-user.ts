/**
 * OpenCode as a Linux user of its own (architecture §12): what it writes of its directory is its own, what tells it how
 * to behave is root's and readable to its group, and nothing else of Open Agent is there for it.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { foundAt, giveTrees, showToGroup } from '../../process/ownership.ts';
import { sharedDirectory } from '../../process/private-file.ts';
import type { OpenCodeFolders } from '../config/folders.ts';

/** Directories in which OpenCode itself writes. */
const written = ({ home, data, state, cache, logins }: OpenCodeFolders): string[] => [home, data, state, cache, logins];

/** Files in them that we write before each start. */
const seeded = ({ authFile, ripgrep }: OpenCodeFolders): string[] => [authFile, ripgrep];

/**
 * Before root writes below a directory that was OpenCode's: no directory on the way is a link that it made, and its
 * file of keys is a file. Nobody changes that meanwhile, because none of its processes runs.
 */
export const refuseLinks = async (dir: string, folders: OpenCodeFolders): Promise<void> => {
  const ways = seeded(folders).flatMap((file) => waysTo(dir, file));
  for (const at of ways) {
    const found = await foundAt(at);
    if (found?.isSymbolicLink()) throw new Error(`${at} is a link, through which no key is written. Remove it.`);
  }
  const keys = await foundAt(folders.authFile);
  if (keys && !keys.isFile()) throw new Error(`${folders.authFile} is no file. Remove it, and set the keys anew.`);
};

/** Directories from below `dir` down to the one that holds `file`. */
const waysTo = (dir: string, file: string): string[] => {
  const names = relative(dir, dirname(file)).split('/');
  return names.map((_, at) => join(dir, ...names.slice(0, at + 1)));
};

/** Makes OpenCode's directory its user's, also one that was root's until now. May be repeated. */
export const giveToOpenCode = async (dir: string, folders: OpenCodeFolders, user: number): Promise<void> => {
  await giveTrees(written(folders), user);
  const read = [folders.config, folders.givenConfig, folders.givenFiles, folders.providerKeys];
  for (const path of [...read, folders.providerSettings, folders.noModels]) await showToGroup(path, user);
  const isNew = (await foundAt(folders.seen))?.gid !== user;
  await showToGroup(isNew ? folders.seen : join(folders.seen, '.git'), user);
  await mkdir(folders.view, { recursive: true, mode: 0o700 });
  await sharedDirectory(folders.seen, user, 'may list');
  await sharedDirectory(dir, user);
};
