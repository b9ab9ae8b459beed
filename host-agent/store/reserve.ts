import { randomFillSync } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskBelow } from '../process/disk.ts';

/** Ends of turns, and what else the host-agent has to say of what already runs: a day of a busy server's. */
const reserveBytes = 64 * 1024 * 1024;
/** A small disk is not filled by the reserve itself: this share of what is free. */
const shareOfFree = 20;
const pieceBytes = 1024 * 1024;

/** Room on the disk that only the outbox gets. */
export interface Reserve {
  /** Gives the room up. False when it was given up already. */
  give(): boolean;
  /** Takes the room, unless it is taken already. False while the disk has too little. */
  take(): Promise<boolean>;
}

/** Without one: a full disk is full. */
export const noReserve: Reserve = { give: () => false, take: async () => true };

/**
 * A file that is in the way of everything else which fills the disk, and is removed when the outbox needs its room. A
 * file that is there already, of a process before, is the reserve.
 */
export const reserveFile = (path: string): Reserve => ({
  give() {
    if (!isThere(path)) return false;
    rmSync(path);
    return true;
  },
  async take() {
    if (isThere(path)) return true;
    const begun = `${path}.begun`;
    const { free } = await diskBelow(dirname(path));
    try {
      await fill(begun, Math.min(reserveBytes, Math.floor(free / shareOfFree)));
      await rename(begun, path);
      return true;
    } catch (error) {
      rmSync(begun, { force: true });
      if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'))
        return false;
      throw error;
    }
  },
});

/** In pieces, so that nothing waits for it. Random, since a file system may leave out what is all the same. */
const fill = async (path: string, bytes: number): Promise<void> => {
  const piece = Buffer.alloc(Math.min(bytes, pieceBytes));
  const file = await open(path, 'w', 0o600);
  try {
    for (let left = bytes; left > 0; left -= piece.byteLength) {
      await file.write(randomFillSync(piece), 0, Math.min(left, piece.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
};

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
