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

/**
 * Puts the ripgrep that came with npm where OpenCode would download its own to. Throws when the npm package is missing.
 */
export const seedRipgrep = async (target: string): Promise<void> => {
  const { rgPath } = await import('@vscode/ripgrep').catch((error: unknown) => {
    const name = `@vscode/ripgrep-${process.platform}-${process.arch}`;
    throw new Error(`ripgrep is missing: npm left out ${name}. Run "npm install" without --omit=optional.`, {
      cause: error,
    });
  });
  await mkdir(dirname(target), { recursive: true });
  // A link made anew at each start follows an installation that was moved.
  const fresh = `${target}.${randomUUID()}`;
  await symlink(rgPath, fresh);
  await rename(fresh, target);
};
