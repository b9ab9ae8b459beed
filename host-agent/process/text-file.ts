import { readFile } from 'node:fs/promises';

/** The text of a file, or undefined when there is none. Throws with the path when it can't be read. */
export const textOfFile = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${path} can't be read. Check its owner and mode.`, { cause: error });
  }
};
