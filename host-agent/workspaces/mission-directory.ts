import { lstat, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { replaceFile } from '../process/replace-file.ts';
import { missionDirectory, pathWithin } from './paths.ts';
import { initRepository } from './repository.ts';
import type { Workspace } from './workspace.ts';

/** What is true of every mission so far; OpenCode would rewrite a file without `$schema` (opencode §10.1). */
const config = `${JSON.stringify({ $schema: 'https://opencode.ai/config.json' }, null, 2)}\n`;

/** Prepares a config directory so that OpenCode installs nothing into it. */
export type SeedConfigDirectory = (directory: string) => Promise<void>;

/** Where a mission works in a workspace, without symlinks. Throws AppError where that is outside of it. */
export const missionDirectoryIn = ({ directory }: Pick<Workspace, 'directory'>, mission: MissionId): Promise<string> =>
  pathWithin(directory, 'workspaces', `mission-${missionShort(mission)}`);

/** Whether the mission's directory is there and was given to its owner (architecture §12). */
export const isAnothers = async (workspace: Pick<Workspace, 'directory'>, mission: MissionId): Promise<boolean> => {
  const found = await lstat(missionDirectory(workspace.directory, mission)).catch(() => null); // Not there.
  return found !== null && found.uid !== process.getuid?.();
};

/**
 * Makes the directory of a mission ready for a turn (contract §8.1, §8.2) and gives its path without symlinks: a git
 * repository of its own, which bounds OpenCode's search for configuration (opencode §5), with `output/`, `temp/`,
 * OpenCode's config and a link to the mission's context files. With `clean` everything that was in it goes first. May
 * be repeated. What is given to its owner (architecture §12) is theirs, and nothing is done in it. Throws what the file
 * system says.
 */
export const prepareMissionDirectory = async (
  workspace: Workspace,
  mission: MissionId,
  { clean, seed }: { clean: boolean; seed: SeedConfigDirectory },
): Promise<string> => {
  const directory = await missionDirectoryIn(workspace, mission);
  await mkdir(directory, { recursive: true, mode: 0o700 }); // Nobody is inside when it is given to its owner.
  if ((await lstat(directory)).uid !== process.getuid?.()) return directory;
  if (clean) await empty(directory);
  const context = await pathWithin(workspace.directory, 'context', mission);
  const dotOpenCode = await pathWithin(directory, '.opencode');
  await Promise.all([
    ...['output', 'temp'].map((name) => unlessThere(() => mkdir(join(directory, name)))),
    mkdir(context, { recursive: true, mode: 0o700 }),
    unlessThere(() => symlink(context, join(directory, 'context'))),
    write(join(directory, 'opencode.json')),
    configure(dotOpenCode, seed),
    isThere(join(directory, '.git')).then((is) => (is ? undefined : initRepository(directory))),
  ]);
  return directory;
};

const configure = async (dotOpenCode: string, seed: SeedConfigDirectory): Promise<void> => {
  if (!(await isThere(join(dotOpenCode, 'package-lock.json')))) await seed(dotOpenCode);
  await write(join(dotOpenCode, 'opencode.json'));
};

const empty = async (directory: string): Promise<void> => {
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true, force: true });
};

/** Runs `make` unless something is there already, which an agent may have put there and which is kept. */
const unlessThere = async (make: () => Promise<unknown>): Promise<void> => {
  try {
    await make();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
};

/** By rename, since a half-written config breaks the directory until OpenCode restarts (opencode §10.1). */
const write = async (path: string): Promise<void> => {
  const present = await readFile(path, 'utf8').catch(() => null); // Missing or unreadable: it is written anew.
  if (present === config) return;
  await replaceFile(path, config);
};

const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false, // Whatever keeps us from seeing it shows when it is made.
  );
