import type { MissionId } from '../../shared/ids.ts';
import type { WorkspaceFiles } from './workspace.ts';

/** A file that was given to a mission, as its agent finds it. */
export interface GivenFile {
  /** From the mission's directory. */
  path: string;
  /** The content; null when it is larger than was asked for. */
  bytes: Buffer | null;
}

/**
 * A file in the mission's context directory, by name. Null when there is none, or when the name leads to something that
 * is not a file of this mission (an agent can put links there).
 */
export const readGivenFile = async (
  files: WorkspaceFiles,
  mission: MissionId,
  name: string,
  maxBytes: number,
): Promise<GivenFile | null> => {
  const scope = { current: mission, missions: [mission], everything: false };
  const path = `./context/${name}`;
  try {
    const handle = await files.openFile(scope, files.wanted(scope, path));
    try {
      const { size } = await handle.stat();
      return { path, bytes: size <= maxBytes ? await handle.readFile() : null };
    } finally {
      await handle.close();
    }
  } catch {
    return null; // A text that only looks like the mark of a file is no error.
  }
};
