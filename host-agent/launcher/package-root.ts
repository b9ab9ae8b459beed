import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Directory of package.json: this file is bundled into dist/openagent.js, so its own place says little. */
export const packageRoot = (): string => {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no package.json above ${import.meta.dirname}`);
    directory = parent;
  }
  return directory;
};
