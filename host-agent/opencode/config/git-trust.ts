import { join } from 'node:path';
import { writePrivateFile } from '../../process/private-file.ts';
import { textOfFile } from '../../process/text-file.ts';

/**
 * Lets the git of an OpenCode that is a user of its own work in what it sees of missions, which belongs to root: git
 * refuses repositories of others (safe.directory in git-config(1)), upon which OpenCode would take the whole machine
 * for the project. `configHome` is its XDG_CONFIG_HOME. Nobody but root writes in what it sees.
 */
export const trustOurRepositories = async (configHome: string): Promise<void> => {
  const path = join(configHome, 'git', 'config');
  if ((await textOfFile(path)) === undefined) await writePrivateFile(path, '[safe]\n\tdirectory = *\n');
};
