import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileState, SeenFiles } from '../call/tool.ts';

/** Some 300 bytes each: 300 KB for a session that reads a large project file by file. */
const usualMaxFiles = 1000;

/** Remembers the `maxFiles` files that a session saw last. */
export const seenFiles = (maxFiles = usualMaxFiles): SeenFiles => {
  // A map keeps the order in which keys came: the first is the one that was longest not seen.
  const states = new Map<string, FileState>();
  return {
    note: (path, state) => {
      states.delete(path);
      states.set(path, state);
      for (const oldest of states.keys()) {
        if (states.size <= maxFiles) break;
        states.delete(oldest);
      }
    },
    of: (path) => states.get(path) ?? null,
    forget: (path) => void states.delete(path),
  };
};

/** The state of a file whose whole content is `bytes`. */
export const stateOf = (bytes: Buffer, { mtimeMs }: Stats): FileState => ({
  hash: createHash('sha256').update(bytes).digest('hex'),
  mtimeMs,
  size: bytes.length,
});

/** The state of a file that is too large to be read whole. */
export const stateOfLarge = ({ mtimeMs, size }: Stats): FileState => ({ hash: '', mtimeMs, size });

/** By content where both are known by it: a tool that writes the same again has changed nothing. */
export const isSameState = (a: FileState, b: FileState): boolean =>
  a.hash !== '' && b.hash !== '' ? a.hash === b.hash : a.mtimeMs === b.mtimeMs && a.size === b.size;
