import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenCodeFolders } from './folders.ts';

/** A configuration of more files than this is not looked through: it counts as changed. */
const mostFiles = 2_000;

/**
 * What an instance of OpenCode reads when it is made (opencode §5, §10), of the parts that lie outside of a mission.
 */
export const configPlaces = ({ home, globalConfig, givenConfig, providerSettings }: OpenCodeFolders): string[] => [
  globalConfig,
  givenConfig,
  providerSettings,
  ...['.claude', '.agents', '.opencode'].map((name) => join(home, name)),
];

/** The same of those that lie in a mission's tree: nothing where OpenCode does not see it. */
export const configPlacesIn = (directory: string, { covered }: { covered: boolean }): string[] =>
  covered
    ? []
    : ['opencode.json', 'opencode.jsonc', '.opencode', '.claude', '.agents'].map((name) => join(directory, name));

/**
 * Names the state of files and directories by their sizes and times: the same text twice means that nothing was changed
 * in between. What is not there is a state too. Null where there are too many files to say.
 */
export const configStamp = async (places: readonly string[]): Promise<string | null> => {
  const found: string[] = [];
  const look = async (path: string): Promise<void> => {
    const seen = await stat(path).catch(() => null); // Missing, or a link to nothing.
    if (seen === null || found.length > mostFiles) return;
    found.push(`${path} ${seen.ino} ${seen.size} ${seen.mtimeMs}`);
    if (!seen.isDirectory()) return;
    for (const name of (await readdir(path).catch(() => [])).sort())
      if (name !== 'node_modules' && name !== '.git') await look(join(path, name));
  };
  for (const place of places) await look(place);
  return found.length > mostFiles ? null : found.join('\n');
};
