import { mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { type MissionId, missionShort } from '../../shared/ids.ts';
import { replaceFile } from '../process/replace-file.ts';
import { pathWithin } from './paths.ts';
import type { Workspace } from './workspace.ts';

/** What is true of every mission so far; OpenCode would rewrite a file without `$schema` (opencode §10.1). */
const config = `${JSON.stringify({ $schema: 'https://opencode.ai/config.json' }, null, 2)}\n`;

/** Prepares a config directory so that OpenCode installs nothing into it. */
export type SeedConfigDirectory = (directory: string) => Promise<void>;

/**
 * Makes the directory of a mission ready for a turn (contract §8.1, §8.2) and gives its path without symlinks: a git
 * repository of its own with `output/`, `temp/`, OpenCode's config and a link to the mission's context files. With
 * `clean` everything that was in it goes first. May be repeated. Throws what the file system or git says.
 */
export const prepareMissionDirectory = async (
  workspace: Workspace,
  mission: MissionId,
  { clean, seed }: { clean: boolean; seed: SeedConfigDirectory },
): Promise<string> => {
  const directory = await pathWithin(workspace.directory, 'workspaces', `mission-${missionShort(mission)}`);
  await mkdir(directory, { recursive: true });
  if (clean) await empty(directory);
  for (const name of ['output', 'temp']) await unlessThere(() => mkdir(join(directory, name)));

  const context = await pathWithin(workspace.directory, 'context', mission);
  await mkdir(context, { recursive: true });
  await unlessThere(() => symlink(context, join(directory, 'context')));

  const dotOpenCode = await pathWithin(directory, '.opencode');
  if (!(await exists(join(dotOpenCode, 'package-lock.json')))) await seed(dotOpenCode);
  await write(join(directory, 'opencode.json'));
  await write(join(dotOpenCode, 'opencode.json'));
  if (!(await exists(join(directory, '.git')))) await initRepository(workspace, directory);
  return directory;
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

/** The repository bounds OpenCode's search for configuration and gives it snapshots (opencode §5). */
const initRepository = async (workspace: Workspace, directory: string): Promise<void> => {
  const git = async (...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await workspace.run('git', args, { directory });
    if (exitCode !== 0) throw new AppError('internal', `git ${args[0]} failed in ${directory}: ${stderr.trim()}`);
  };
  await git('init', '--initial-branch=main');
  await git('config', '--local', 'user.name', 'Open Agent');
  await git('config', '--local', 'user.email', 'agent@localhost');
};

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false, // Whatever keeps us from seeing it shows when it is made.
  );
