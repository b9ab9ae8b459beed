import { randomUUID } from 'node:crypto';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { privateDirectory, writePrivateFile } from '../../process/private-file.ts';

/**
 * Prepares a config directory (the global one, a `.opencode` we create) so that OpenCode starts no npm install in it: a
 * lock file that already names its plugin package (opencode §3). `version` is OpenCode's own.
 */
export const seedConfigDirectory = async (directory: string, version: string): Promise<void> => {
  await privateDirectory(directory);
  await mkdir(join(directory, 'node_modules'), { recursive: true });
  const lock = {
    name: 'config',
    lockfileVersion: 3,
    packages: { '': { dependencies: { '@opencode-ai/plugin': version } } },
  };
  await writePrivateFile(join(directory, 'package-lock.json'), JSON.stringify(lock));
};

/** The ripgrep that came with npm. Throws when that package is missing. */
export const ripgrepProgram = async (): Promise<string> => {
  const { rgPath } = await import('@vscode/ripgrep').catch((error: unknown) => {
    const name = `@vscode/ripgrep-${process.platform}-${process.arch}`;
    throw new Error(`ripgrep is missing: npm left out ${name}. Run "npm install" without --omit=optional.`, {
      cause: error,
    });
  });
  return rgPath;
};

/** Puts ripgrep (`program`) where OpenCode would download its own to. */
export const seedRipgrep = async (target: string, program: string): Promise<void> => {
  await mkdir(dirname(target), { recursive: true });
  // A link made anew at each start follows an installation that was moved.
  const fresh = `${target}.${randomUUID()}`;
  await symlink(program, fresh);
  await rename(fresh, target);
};
