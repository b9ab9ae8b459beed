import { AppError } from '../../shared/errors.ts';
import type { MissionId } from '../../shared/ids.ts';
import type { PlaceFiles } from './place-files.ts';

/** A file that was given to a mission, as its agent finds it. */
export interface GivenFile {
  /** From the mission's directory. */
  path: string;
  /** The content; null when it is larger than was asked for. */
  bytes: Buffer | null;
}

/**
 * A file in the mission's context directory, by name. Null when there is none, or when the name leads to something that
 * is not a file of this mission (an agent can put links there). Throws where its place does not answer.
 */
export const readGivenFile = async (
  files: PlaceFiles,
  mission: MissionId,
  name: string,
  maxBytes: number,
): Promise<GivenFile | null> => {
  const scope = { current: mission, missions: [mission], everything: false };
  const path = `./context/${name}`;
  try {
    const reading = await files.read({ scope, path, range: null, rangeOfTag: null, withBytes: maxBytes > 0 });
    try {
      return { path, bytes: reading.described.size <= maxBytes ? await whole(reading.read) : null };
    } finally {
      await reading.close();
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') throw error;
    return null; // A text that only looks like the mark of a file is no error.
  }
};

/** Of one read. */
const pieceBytes = 64 * 1024;

const whole = async (read: (max: number) => Promise<Uint8Array | null>): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for (let piece = await read(pieceBytes); piece; piece = await read(pieceBytes)) pieces.push(piece);
  return Buffer.concat(pieces);
};
