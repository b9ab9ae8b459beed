import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of tools, and what they add: nothing that leads elsewhere. */
const odd = /[^\w.-]+/g;

/**
 * Keeps a text below `temp/` of a directory, in a file that was not there. Out: its path. Rejects with what the file
 * system says.
 */
export const keepIn =
  (directory: string) =>
  async (name: string, text: string): Promise<string> => {
    const folder = join(directory, 'temp');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${name.replace(odd, '_').slice(0, 60)}-${randomUUID().slice(0, 8)}.txt`);
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    return path;
  };
