/** A text of the project, read with what the agent may: only what is in the mission's directory, and only so much. */

import { Refused } from '../../call/refused.ts';
import type { FileState, Situation } from '../../call/tool.ts';
import { holdFile } from '../held.ts';
import { locate } from '../place.ts';
import { stateOf, stateOfLarge } from '../seen-files.ts';
import { decode, isBinary } from '../text.ts';

export interface ProjectFile {
  /** As it was asked for, absolute. */
  path: string;
  /** Without symlinks: what the session's memory knows it by. */
  real: string;
  text: string;
  /** There is more of it than was asked for. */
  isCut: boolean;
  state: FileState;
}

/**
 * At most `maxBytes` of the text at `path`. Null for what is not there, no text file, or leads out of the mission's
 * directory: what an agent has put there must not make us read, unasked, what it would have to ask for.
 */
export const projectFile = async (
  situation: Pick<Situation, 'directory'>,
  path: string,
  maxBytes: number,
): Promise<ProjectFile | null> => {
  try {
    const place = await locate(situation, path);
    if (!place.isInside) return null;
    const held = await holdFile(place);
    if (!held) return null;
    try {
      if (!held.stats.isFile()) return null;
      const room = Buffer.alloc(Math.min(maxBytes, held.stats.size));
      const { bytesRead } = await held.handle.read(room, 0, room.length, 0);
      const bytes = room.subarray(0, bytesRead);
      if (isBinary(bytes)) return null;
      const isCut = held.stats.size > bytesRead;
      const state = isCut ? stateOfLarge(held.stats) : stateOf(bytes, held.stats);
      return { path: place.shown, real: place.real, text: decode(bytes).text, isCut, state };
    } finally {
      await held.handle.close();
    }
  } catch (error) {
    if (error instanceof Refused || (error instanceof Error && 'code' in error)) return null; // No file to speak of.
    throw error;
  }
};
