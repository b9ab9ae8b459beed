import type * as z from 'zod';
import { textOfFile } from '../../process/text-file.ts';

/**
 * JSON of one of the launcher's files, or undefined when the file does not exist. Throws with the path and what to do
 * when its content is not what we wrote: state is never replaced because it could not be read.
 */
export const readStateJson = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
  const text = await textOfFile(path);
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is damaged. Restore it from a backup, or move it away to begin with a new one.`);
};

/** The parser's own message would quote the text, which may hold secrets: undefined fits no schema of ours. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
