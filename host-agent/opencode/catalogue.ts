import { join } from 'node:path';
import { writePrivateFile } from '../process/private-file.ts';

/**
 * Decides OPENCODE_MODELS_PATH. The built-in catalogue (undefined) costs some 30 MB for each directory, so it is used only where a
 * provider needs it; else an empty one leaves the providers that a config brings with it. A person's own file always wins.
 */
export const chooseCatalogue = async (choice: {
  given: string | undefined;
  needed: boolean;
  dir: string;
}): Promise<string | undefined> => {
  if (choice.given) return choice.given;
  if (choice.needed) return undefined;
  const path = join(choice.dir, 'no-models.json');
  await writePrivateFile(path, '{}\n');
  return path;
};
