import { writePrivateFile } from '../../process/private-file.ts';

/**
 * Decides OPENCODE_MODELS_PATH, for the whole life of the process. The built-in catalogue (undefined) costs 140 MB, and
 * 22 MB and 0.25 s for each directory (measured); without it no provider can be connected later. So it is left out only
 * where the config names the only providers there may be and brings all of them. A person's own file always wins.
 */
export const chooseCatalogue = async (choice: {
  given: string | undefined;
  needed: boolean;
  /** Of an empty catalogue. */
  path: string;
}): Promise<string | undefined> => {
  if (choice.given) return choice.given;
  if (choice.needed) return undefined;
  await writePrivateFile(choice.path, '{}\n');
  return choice.path;
};
