import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writePrivateFile } from './private-file.ts';

/** A note as a file: `<id>.json`. `at`: milliseconds. */
const noteFile = z.object({ id: z.uuid(), at: z.int().nonnegative(), code: z.string(), text: z.string() });
export type Note = z.infer<typeof noteFile>;

/**
 * Leaves something for the log in `directory`, for whoever has no outbox: the host-agent takes it in when it can, as a
 * `host.note`. `text` is for people and holds no arguments, environments or secrets.
 */
export const leaveNote = async (directory: string, note: Omit<Note, 'id'>): Promise<void> => {
  const id = randomUUID();
  await writePrivateFile(join(directory, `${id}.json`), JSON.stringify({ id, ...note }));
};

/** Paths of the notes in `directory`; none where there is no such directory. */
export const notesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(directory, name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

/** Throws with what to do when the file is no note. */
export const readNote = (path: string): Note => {
  try {
    return noteFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new Error(`${path} is not what the launcher writes. Remove it.`, { cause });
  }
};
