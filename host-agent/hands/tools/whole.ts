/** A file's whole content, and whether this session may change what it finds there. */
import type { Stats } from 'node:fs';
import { Refused } from '../call/refused.ts';
import type { FileState, SeenFiles } from '../call/tool.ts';
import { contentOf, holdFile, letGo } from './held.ts';
import type { Place } from './place.ts';
import { isSameState, stateOf } from './seen-files.ts';
import { decode, isBinary, type Text } from './text.ts';

/** No source is larger, and an edit has it in memory several times. */
export const maxWholeBytes = 16 * 1024 * 1024;

export interface Whole {
  bytes: Buffer;
  stats: Stats;
  state: FileState;
}

/** Null when there is no such file. Throws `Refused` for a directory, and for a file that is too large. */
export const readWhole = async (place: Place): Promise<Whole | null> => {
  const held = await holdFile(place);
  if (!held) return null;
  const { stats } = held;
  try {
    if (stats.isDirectory()) throw new Refused(`${place.shown} is a directory: name a file in it.`);
    if (stats.size > maxWholeBytes)
      throw new Refused(
        `${place.shown} has ${stats.size} bytes, too many to be changed by this tool. Use a command, such as sed.`,
      );
    const bytes = await contentOf(held);
    return { bytes, stats, state: stateOf(bytes, stats) };
  } finally {
    letGo(held);
  }
};

/** The text of a file that is to be edited. Throws `Refused` for one that has none. */
export const textOf = ({ bytes }: Whole, { shown }: Place): Text => {
  if (isBinary(bytes)) throw new Refused(`${shown} is no text file. Change it with a command.`);
  return decode(bytes);
};

/** Throws `Refused` when the file is another one than this session has last seen. Returns whether it has seen it. */
export const checkUnchanged = (seen: SeenFiles, { real, shown }: Place, { state }: Whole): boolean => {
  const before = seen.of(real);
  if (before && !isSameState(before, state))
    throw new Refused(
      `${shown} has changed since you read it: somebody or a command wrote to it. Read it again, then repeat it.`,
    );
  return before !== null;
};
